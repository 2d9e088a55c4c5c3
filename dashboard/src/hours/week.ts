// Working hours as the form edits them: a time field has no "24:00", which is the midnight at the end of a day here.

import type { Hours } from "../../../workerd/api/openapi/openapi";
import { locale } from "../text/language";

export type Interval = Hours["weekly"][number];
export type Day = Interval["day"];

export const DAYS: readonly Day[] = [
	"monday",
	"tuesday",
	"wednesday",
	"thursday",
	"friday",
	"saturday",
	"sunday",
];

/** The server takes no more. */
export const INTERVALS_MAX = 50;
export const HOLIDAYS_MAX = 100;

/** In the user's language; 1970-01-05 was a Monday. */
export function dayName(day: Day): string {
	const format = new Intl.DateTimeFormat(locale, { weekday: "long", timeZone: "UTC" });
	return format.format(Date.UTC(1970, 0, 5 + DAYS.indexOf(day)));
}

/** Of a date such as "2026-12-25". */
export function dateName(date: string): string {
	const at = Date.parse(`${date}T00:00:00Z`);
	const format = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" });
	return Number.isNaN(at) ? date : format.format(at);
}

const ownZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone ?? "Etc/UTC";

/** All zones that the browser knows, and the one that is chosen. */
export function zones(chosen: string): readonly string[] {
	// Not in the types of our target; browsers have it since 2022.
	const { supportedValuesOf } = Intl as { supportedValuesOf?: (key: "timeZone") => string[] };
	const known = supportedValuesOf?.("timeZone") ?? [ownZone()];
	return [...new Set([...known, "Etc/UTC", chosen])].sort();
}

/** What somebody begins with. */
export function usualHours(): Hours {
	return {
		timezone: ownZone(),
		weekly: DAYS.slice(0, 5).map((day) => ({ day, from: "09:00", to: "17:00" })),
		holidays: [],
	};
}

export const toForm = (hours: Hours | null): Hours | null =>
	hours && {
		...hours,
		holidays: hours.holidays ?? [],
		weekly: hours.weekly.map((one) => (one.to === "24:00" ? { ...one, to: "00:00" } : one)),
	};

export const toServer = (hours: Hours | null): Hours | null =>
	hours && {
		...hours,
		weekly: hours.weekly.map((one) => (one.to === "00:00" ? { ...one, to: "24:00" } : one)),
	};

/** Hours for another interval of a day: behind its last one, if there is room. */
export function nextInterval(weekly: readonly Interval[], day: Day): Interval {
	const last = weekly.filter((one) => one.day === day).pop();
	if (!last || last.to <= last.from) return { day, from: "09:00", to: "17:00" };
	const hour = Number(last.to.slice(0, 2)) + 1;
	const text = (hours: number) => `${String(hours % 24).padStart(2, "0")}:00`;
	return hour > 22 ? { day, from: "", to: "" } : { day, from: text(hour), to: text(hour + 1) };
}
