// Times and days as the visitor reads them.

const DAY_MS = 24 * 60 * 60 * 1000;

export interface Clock {
	/** Such as "14:05". */
	time(at: number): string;
	/** "today", "yesterday" or the date. */
	day(at: number): string;
}

/** Midnight before `at`, in the visitor's time zone. */
export function dayStart(at: number): number {
	return new Date(at).setHours(0, 0, 0, 0);
}

/** `language`: such as "en"; the visitor's own variant of it, such as "en-GB", comes first. */
export function createClock(language: string, now: () => number = Date.now): Clock {
	const locale = navigator.languages.find((one) => one.startsWith(language)) ?? language;
	const times = new Intl.DateTimeFormat(locale, { timeStyle: "short" });
	const dates = new Intl.DateTimeFormat(locale, { dateStyle: "long" });
	const near = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
	return {
		time: (at) => times.format(at),
		day(at) {
			// A day may have 23 or 25 hours.
			const days = Math.round((dayStart(at) - dayStart(now())) / DAY_MS);
			return days === 0 || days === -1 ? near.format(days, "day") : dates.format(at);
		},
	};
}
