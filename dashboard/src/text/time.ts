// Formats times in the user's language and region.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function isSameYear(a: number, b: number): boolean {
	return new Date(a).getFullYear() === new Date(b).getFullYear();
}

function startOfDay(at: number): number {
	return new Date(at).setHours(0, 0, 0, 0);
}

/** Calendar days between two times, also correct across changes of daylight saving time. */
function daysBetween(at: number, now: number): number {
	return Math.round((startOfDay(now) - startOfDay(at)) / DAY);
}

export function isSameDay(a: number, b: number): boolean {
	return startOfDay(a) === startOfDay(b);
}

export interface TimeWords {
	/** "now", "5 min ago", "3 hr ago", "yesterday", "4 days ago", "12 Mar". */
	relative(at: number, now: number): string;
	/** The same in as little space as possible: "now", "5 min", "3 h", "Yesterday", "12 Mar". */
	brief(at: number, now: number): string;
	/** "Today", "Yesterday", "Wednesday 12 March": the heading of a day's messages. */
	day(at: number, now: number): string;
	/** "14:32" */
	clock(at: number): string;
	/** A time to come: "14:32" today, "Wed 12 Mar, 14:32". */
	until(at: number, now: number): string;
	/** "12 Mar 2025" */
	date(at: number): string;
	/** "Wednesday 12 March 2025 at 14:32:07" */
	exact(at: number): string;
}

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** One per page load: creating an Intl formatter costs more than a thousand uses. */
export function createTimeWords(locale: string): TimeWords {
	const formatter = (options: Intl.DateTimeFormatOptions) =>
		new Intl.DateTimeFormat(locale, options);
	const short = { day: "numeric", month: "short" } as const;
	const long = { weekday: "long", day: "numeric", month: "long" } as const;
	const shortDate = formatter(short);
	const shortDateYear = formatter({ ...short, year: "numeric" });
	const longDate = formatter(long);
	const longDateYear = formatter({ ...long, year: "numeric" });
	const clock = formatter({ timeStyle: "short" });
	const soon = formatter({ ...short, weekday: "short", hour: "numeric", minute: "2-digit" });
	const exact = formatter({ dateStyle: "full", timeStyle: "medium" });
	const ago = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
	const unit = (unit: "minute" | "hour") =>
		new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "narrow" });
	const minutes = unit("minute");
	const hours = unit("hour");
	const dateOf = (at: number, now: number) =>
		(isSameYear(at, now) ? shortDate : shortDateYear).format(at);

	/** Less than a day ago counts in hours, even across midnight. */
	const isHoursAgo = (at: number, now: number) => daysBetween(at, now) === 0 || now - at < 6 * HOUR;

	return {
		relative(at, now) {
			// The clocks may differ: treat the near future as now.
			const age = Math.max(0, now - at);
			if (age < MINUTE) return ago.format(0, "second");
			if (age < HOUR) return ago.format(-Math.floor(age / MINUTE), "minute");
			if (isHoursAgo(at, now)) return ago.format(-Math.floor(age / HOUR), "hour");
			const days = daysBetween(at, now);
			return days < 7 ? ago.format(-days, "day") : dateOf(at, now);
		},
		brief(at, now) {
			const age = Math.max(0, now - at);
			if (age < MINUTE) return ago.format(0, "second");
			if (age < HOUR) return minutes.format(Math.floor(age / MINUTE));
			if (isHoursAgo(at, now)) return hours.format(Math.floor(age / HOUR));
			return daysBetween(at, now) === 1 ? capitalized(ago.format(-1, "day")) : dateOf(at, now);
		},
		day(at, now) {
			const days = daysBetween(at, now);
			if (days === 0 || days === 1) return capitalized(ago.format(-days, "day"));
			return (isSameYear(at, now) ? longDate : longDateYear).format(at);
		},
		clock: (at) => clock.format(at),
		until: (at, now) => (isSameDay(at, now) ? clock : soon).format(at),
		date: (at) => shortDateYear.format(at),
		exact: (at) => exact.format(at),
	};
}
