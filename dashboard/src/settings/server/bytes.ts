// Sizes in the user's language: "512 MB".

import { locale } from "../../text/language";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
const STEP = 1024;

export function formatBytes(bytes: number): string {
	const power = bytes < 1 ? 0 : Math.floor(Math.log(bytes) / Math.log(STEP));
	const at = Math.min(power, UNITS.length - 1);
	const value = bytes / STEP ** at;
	return new Intl.NumberFormat(locale, {
		style: "unit",
		unit: UNITS[at] ?? "byte",
		unitDisplay: "short",
		maximumFractionDigits: value < 10 && at > 0 ? 1 : 0,
	}).format(value);
}
