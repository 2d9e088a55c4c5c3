// A number against that of the previous period.

/** In per cent; null: there is nothing to compare with. */
export function changeOf(now: number | null, before: number | null): number | null {
	if (now === null || before === null || before === 0) return null;
	return ((now - before) / before) * 100;
}

/** The percentage of a part in a whole; null: the whole is 0. */
export function shareOf(part: number, whole: number): number | null {
	return whole === 0 ? null : (part / whole) * 100;
}
