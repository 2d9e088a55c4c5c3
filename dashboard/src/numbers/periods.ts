// Periods of UTC days, which is how the server counts. A day is text such as "2026-01-31".

const DAY_MS = 24 * 3600 * 1000;

export interface Period {
	readonly from: string;
	/** The last day. */
	readonly to: string;
}

export const PRESETS = [7, 30, 90, 365] as const;
export type Preset = (typeof PRESETS)[number];
const DEFAULT: Preset = 30;

/** Half of what the server answers at once, because the previous period is read, too. */
export const DAYS_MAX = 550;

export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
/** The beginning of a day. */
export const msOf = (day: string): number => Date.parse(`${day}T00:00:00Z`);
export const addDays = (day: string, days: number): string => dayOf(msOf(day) + days * DAY_MS);
export const lengthOf = ({ from, to }: Period): number => (msOf(to) - msOf(from)) / DAY_MS + 1;

export function lastDays(count: number, today: string): Period {
	return { from: addDays(today, 1 - count), to: today };
}

/** The period of the same length right before. */
export function previousOf(period: Period): Period {
	const days = lengthOf(period);
	return { from: addDays(period.from, -days), to: addDays(period.from, -1) };
}

export function daysOf(period: Period): readonly string[] {
	return Array.from({ length: lengthOf(period) }, (_, i) => addDays(period.from, i));
}

function isDay(text: string | undefined): text is string {
	if (text === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
	const ms = msOf(text);
	return !Number.isNaN(ms) && dayOf(ms) === text;
}

/** The period from one day to another; null: it is not one that the server can count. */
export function periodBetween(
	from: string | undefined,
	to: string | undefined,
	today: string,
): Period | null {
	if (!isDay(from) || !isDay(to) || from > to || to > today) return null;
	const period = { from, to };
	return lengthOf(period) <= DAYS_MAX ? period : null;
}

export interface Choice {
	readonly preset: Preset | "custom";
	readonly period: Period;
}

/** What the address says: ?days=90, or ?from=2026-01-01&to=2026-01-31. */
export function choiceOf(query: Readonly<Record<string, string>>, today: string): Choice {
	const custom = periodBetween(query.from, query.to, today);
	if (custom) return { preset: "custom", period: custom };
	const preset = PRESETS.find((days) => String(days) === query.days) ?? DEFAULT;
	return { preset, period: lastDays(preset, today) };
}

export function queryOf(choice: Choice): string {
	const { preset, period } = choice;
	return preset === "custom" ? `?from=${period.from}&to=${period.to}` : `?days=${preset}`;
}
