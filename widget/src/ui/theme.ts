// The handful of colours that follow from the site's accent colour, so that any accent,
// be it pale yellow, stays readable.

import { BLACK, contrast, mix, type Rgb, toHex, WHITE } from "./color";

/** WCAG 2.1, 1.4.3: the least contrast of normal text (level AA). */
export const READABLE = 4.5;

const INK: Rgb = { r: 15, g: 23, b: 42 };

export interface Theme {
	/** The colour as the site chose it. */
	readonly accent: Rgb;
	/** The far end of gradients: away from the text on it, so that contrast only grows. */
	readonly deep: Rgb;
	/** Text and icons on `accent`. */
	readonly onAccent: Rgb;
	/** The accent as text, icon or outline on white. */
	readonly strong: Rgb;
	/** A touch of the accent, behind small icons. */
	readonly tint: Rgb;
	/** A breath of it, behind the messages. */
	readonly wash: Rgb;
}

function textOn(background: Rgb): Rgb {
	const readable = [WHITE, INK].find((text) => contrast(text, background) >= READABLE);
	return readable ?? BLACK;
}

function darkenUntilReadable(color: Rgb, background: Rgb): Rgb {
	let share = 0;
	let darker = color;
	while (contrast(darker, background) < READABLE) {
		share += 0.05;
		darker = mix(color, BLACK, share);
	}
	return darker;
}

/** `chosen`: the site's own colour of text on the accent. */
export function themeFor(accent: Rgb, chosen: Rgb | null = null): Theme {
	const onAccent = chosen ?? textOn(accent);
	const tint = mix(WHITE, accent, 0.12);
	return {
		accent,
		deep: mix(accent, contrast(onAccent, BLACK) > contrast(onAccent, WHITE) ? BLACK : WHITE, 0.2),
		onAccent,
		// Measured on the tint, the darkest of the backgrounds that it is used on.
		strong: darkenUntilReadable(accent, tint),
		tint,
		wash: mix(WHITE, accent, 0.05),
	};
}

/** Sets the custom properties that the style sheets read. */
export function paint(node: HTMLElement, theme: Theme): void {
	node.style.setProperty("--accent", toHex(theme.accent));
	node.style.setProperty("--deep", toHex(theme.deep));
	node.style.setProperty("--on-accent", toHex(theme.onAccent));
	node.style.setProperty("--strong", toHex(theme.strong));
	node.style.setProperty("--tint", toHex(theme.tint));
	node.style.setProperty("--wash", toHex(theme.wash));
}
