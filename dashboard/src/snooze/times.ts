// Until when a conversation can be snoozed with one press.

export type Snooze = "hours" | "tomorrow" | "monday" | "week" | "answer";

export interface Choice {
	readonly name: Snooze;
	/** null: until the visitor writes. */
	readonly until: number | null;
}

const HOURS = 3;
/** When the morning begins. */
const MORNING = 9;

/** In so many days, in the morning: also across changes of daylight saving time. */
function morning(now: number, days: number): number {
	const date = new Date(now);
	date.setDate(date.getDate() + days);
	return date.setHours(MORNING, 0, 0, 0);
}

export function choicesAt(now: number): Choice[] {
	// Days until the next Monday: 1 to 7.
	const monday = (8 - new Date(now).getDay()) % 7 || 7;
	return [
		{ name: "hours", until: now + HOURS * 3_600_000 },
		{ name: "tomorrow", until: morning(now, 1) },
		// Otherwise tomorrow or in a week.
		...(monday > 1 && monday < 7 ? [{ name: "monday" as const, until: morning(now, monday) }] : []),
		{ name: "week", until: morning(now, 7) },
		{ name: "answer", until: null },
	];
}

/** The value of a field for a local time; null: none, or not between now and a year ahead. */
export function readLocal(value: string, now: number): number | null {
	const at = new Date(value).getTime();
	return at > now && at <= now + 366 * 86_400_000 ? at : null;
}

/** The same, the other way. */
export function writeLocal(at: number): string {
	const date = new Date(at);
	return new Date(at - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
