// How long something took, for people.

import { locale } from "./language";

const formatOf = (unit: string, maximumFractionDigits: number) =>
	new Intl.NumberFormat(locale, {
		style: "unit",
		unit,
		unitDisplay: "short",
		maximumFractionDigits,
	});

const seconds = formatOf("second", 1);
const milliseconds = formatOf("millisecond", 0);

export function duration(ms: number): string {
	return ms < 1000 ? milliseconds.format(ms) : seconds.format(ms / 1000);
}
