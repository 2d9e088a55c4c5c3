// Derives the widget's colours from the site's accent colour, so that text stays readable on any
// accent.

import { BLACK, contrast, mix, type Rgb, toHex, WHITE } from "./color";

/** WCAG 2.1, 1.4.3: the minimum contrast of normal text (level AA). */
export const READABLE = 4.5;

const INK: Rgb = { r: 15, g: 23, b: 42 };

export interface Theme {
	/** The colour that the site chose. */
	readonly accent: Rgb;
	/** The end of gradients: moves away from the text colour, so that contrast only grows. */
	readonly deep: Rgb;
	/** Text and icons on `accent`. */
	readonly onAccent: Rgb;
	/** The accent as text, icon or outline on white. */
	readonly strong: Rgb;
	/** A light tint of the accent, behind small icons. */
	readonly tint: Rgb;
	/** A very light tint, behind the messages. */
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

/** `chosen`: the site's own text colour on the accent. */
export function themeFor(accent: Rgb, chosen: Rgb | null = null): Theme {
	const onAccent = chosen ?? textOn(accent);
	const tint = mix(WHITE, accent, 0.12);
	return {
		accent,
		deep: mix(accent, contrast(onAccent, BLACK) > contrast(onAccent, WHITE) ? BLACK : WHITE, 0.2),
		onAccent,
		// Measured on the tint, the darkest background that it is used on.
		strong: darkenUntilReadable(accent, tint),
		tint,
		wash: mix(WHITE, accent, 0.05),
	};
}

/** Sets the custom properties that the style sheets read: `--on-accent` is `onAccent`. */
export function paint(node: HTMLElement, theme: Theme): void {
	const { onAccent, ...others } = theme;
	for (const [name, color] of Object.entries({ "on-accent": onAccent, ...others })) {
		node.style.setProperty(`--${name}`, toHex(color));
	}
}
