// Times, as the pages say them. The words are English; the order of day and
// month and the 12 or 24 hours are the reader's own.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The first English the reader asks for; else day before month and 24 hours. */
export function pickLocale(languages: readonly string[]): string {
	return languages.find((tag) => /^en(-|$)/i.test(tag)) ?? "en-GB";
}

function isSameYear(a: number, b: number): boolean {
	return new Date(a).getFullYear() === new Date(b).getFullYear();
}

function startOfDay(at: number): number {
	return new Date(at).setHours(0, 0, 0, 0);
}

/** Whole calendar days between two times; not 24-hour spans, and not off by one when clocks change. */
function daysBetween(at: number, now: number): number {
	return Math.round((startOfDay(now) - startOfDay(at)) / DAY);
}

export function isSameDay(a: number, b: number): boolean {
	return startOfDay(a) === startOfDay(b);
}

export interface TimeWords {
	/** "just now", "5 min ago", "3 h ago", "yesterday", "4 days ago", "12 Mar". */
	relative(at: number, now: number): string;
	/** "Today", "Yesterday", "Wednesday 12 March": the heading over a day's messages. */
	day(at: number, now: number): string;
	/** "14:32" */
	clock(at: number): string;
	/** "Wednesday 12 March 2025 at 14:32:07" */
	exact(at: number): string;
}

/** One per page load: making an Intl formatter costs more than a thousand uses of it. */
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
			// The two clocks may differ a little: the near future is now.
			const age = Math.max(0, now - at);
			if (age < MINUTE) return "just now";
			if (age < HOUR) return `${Math.floor(age / MINUTE)} min ago`;

			const days = daysBetween(at, now);
			// At one in the morning, nine in the evening is not a day away.
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

/** Retry-After (RFC 9110, 10.2.3): seconds, or a date. Null when absent or nonsense. */
export function retryAfterMs(header: string | null, now: number): number | null {
	if (header === null) return null;
	if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
	const date = Date.parse(header);
	return Number.isNaN(date) ? null : Math.max(0, date - now);
}
