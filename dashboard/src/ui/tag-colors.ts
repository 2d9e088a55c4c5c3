// The colours of tags. A tag shows its colour as a dot beside its name, so the name is readable with any of them; the dot
// stands out (3 : 1) on light and on dark ground.

export const TAG_COLORS = {
	grey: "#7a8494",
	red: "#e5484d",
	orange: "#d9622b",
	yellow: "#a67c00",
	green: "#2e9a58",
	teal: "#16939c",
	blue: "#3f7ee8",
	purple: "#8a63e0",
	pink: "#d34a9c",
} as const;

export type TagColorName = keyof typeof TAG_COLORS;
