// The colours of tags. A tag shows its colour as a dot beside its name, so the name is readable with any of them; the dot
// stands out (3 : 1) on light and on dark ground.

import type { t } from "./texts";

interface TagColor {
	readonly value: string;
	readonly text: Parameters<typeof t>[0];
}

export const TAG_COLORS: readonly TagColor[] = [
	{ value: "#7a8494", text: "grey" },
	{ value: "#e5484d", text: "red" },
	{ value: "#d9622b", text: "orange" },
	{ value: "#a67c00", text: "yellow" },
	{ value: "#2e9a58", text: "green" },
	{ value: "#16939c", text: "teal" },
	{ value: "#3f7ee8", text: "blue" },
	{ value: "#8a63e0", text: "purple" },
	{ value: "#d34a9c", text: "pink" },
];

export const FIRST_COLOR = "#7a8494";
