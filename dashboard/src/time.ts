// Formats times. Words are English; date order and 12 or 24 hours follow the reader's locale.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The reader's first English locale; by default day before month and 24 hours. */
export function pickLocale(languages: readonly string[]): string {
	return languages.find((tag) => /^en(-|$)/i.test(tag)) ?? "en-GB";
}

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
	/** "just now", "5 min ago", "3 h ago", "yesterday", "4 days ago", "12 Mar". */
	relative(at: number, now: number): string;
	/** "Today", "Yesterday", "Wednesday 12 March": the heading of a day's messages. */
	day(at: number, now: number): string;
	/** "14:32" */
	clock(at: number): string;
	/** "Wednesday 12 March 2025 at 14:32:07" */
	exact(at: number): string;
}

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
	const exact = formatter({ dateStyle: "full", timeStyle: "medium" });

	return {
		relative(at, now) {
			// The clocks may differ: treat the near future as now.
			const age = Math.max(0, now - at);
			if (age < MINUTE) return "just now";
			if (age < HOUR) return `${Math.floor(age / MINUTE)} min ago`;

			const days = daysBetween(at, now);
			// Less than a day ago counts in hours, even across midnight.
			if (days === 0 || age < 6 * HOUR) return `${Math.floor(age / HOUR)} h ago`;
			if (days === 1) return "yesterday";
			if (days < 7) return `${days} days ago`;
			return (isSameYear(at, now) ? shortDate : shortDateYear).format(at);
		},
		day(at, now) {
			const days = daysBetween(at, now);
			if (days === 0) return "Today";
			if (days === 1) return "Yesterday";
			return (isSameYear(at, now) ? longDate : longDateYear).format(at);
		},
		clock: (at) => clock.format(at),
		exact: (at) => exact.format(at),
	};
}

/** Retry-After (RFC 9110, 10.2.3): seconds or a date. Null if absent or invalid. */
export function retryAfterMs(header: string | null, now: number): number | null {
	if (header === null) return null;
	if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
	const date = Date.parse(header);
	return Number.isNaN(date) ? null : Math.max(0, date - now);
}
