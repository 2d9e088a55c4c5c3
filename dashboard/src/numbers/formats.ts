// Numbers, money, times and days in the user's language.

import { locale } from "../text/language";
import { formatNumber } from "../text/texts";
import { msOf } from "./periods";

export const NONE = "–";

const compact = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
const seconds = new Intl.NumberFormat(locale, {
	style: "unit",
	unit: "second",
	unitDisplay: "narrow",
	maximumFractionDigits: 1,
});
const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: "UTC" });
const dayYear = new Intl.DateTimeFormat(locale, {
	day: "numeric",
	month: "short",
	year: "numeric",
	timeZone: "UTC",
});

export const formatCompact = (value: number): string => compact.format(value);

/** Up to 99,999 in full. */
export const formatCount = (value: number): string =>
	value < 100_000 ? formatNumber(value) : compact.format(value);

/** `value` is in per cent. */
export const formatPercent = (value: number | null): string =>
	value === null ? NONE : percent.format(value / 100);

export function formatMs(ms: number | null): string {
	if (ms === null) return NONE;
	return ms < 1000 ? `${formatNumber(ms)} ms` : seconds.format(ms / 1000);
}

export function formatMoney(value: number | null, currency: string | null): string {
	if (value === null || currency === null) return NONE;
	const digits = value !== 0 && Math.abs(value) < 1 ? 4 : value >= 1000 ? 0 : 2;
	return new Intl.NumberFormat(locale, {
		style: "currency",
		currency,
		minimumFractionDigits: Math.min(2, digits),
		maximumFractionDigits: digits,
	}).format(value);
}

export const formatDay = (text: string): string => day.format(msOf(text));
export const formatDayYear = (text: string): string => dayYear.format(msOf(text));
