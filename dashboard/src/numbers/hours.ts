// When visitors write: the messages by weekday and hour, in the time of this browser.

import type { Row } from "./rows";

export const DAYS = 7;
export const HOURS = 24;

/** Messages of visitors: [weekday, Monday first][hour]. */
export type Heat = ReadonlyArray<readonly number[]>;

/** `weekdayAndHour` is that of the browser; tests have their own. */
export function heatOf(
	rows: readonly Row[],
	weekdayAndHour: (ms: number) => readonly [number, number] = (ms) => {
		const date = new Date(ms);
		return [(date.getDay() + 6) % DAYS, date.getHours()];
	},
): Heat {
	const heat = Array.from({ length: DAYS }, () => Array<number>(HOURS).fill(0));
	for (const { hour, messagesByRole } of rows) {
		if (hour === undefined) continue;
		const [day, at] = weekdayAndHour(hour);
		const cells = heat[day];
		if (cells) cells[at] = (cells[at] ?? 0) + messagesByRole.user;
	}
	return heat;
}

export const LEVELS = 5;

/** 0 for nothing, else 1 to LEVELS, in proportion to the busiest hour. */
export function levelOf(count: number, most: number): number {
	return count === 0 ? 0 : Math.max(1, Math.ceil((count / most) * LEVELS));
}
