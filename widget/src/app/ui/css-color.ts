// CSS colours as numbers, and corrections that make text readable.

import { contrast, farFrom, type Rgb, textOn } from "../../color";

/** Any opaque colour in sRGB; null for anything else. `node`: an element on the page without a colour of its own. */
export function rgbOf(node: HTMLElement, text: string): Rgb | null {
	const { style } = node;
	style.color = text;
	if (!style.color) return null;
	// Turns every notation into sRGB; an old browser ignores it and knows only sRGB.
	style.color = `color-mix(in srgb,${text},${text})`;
	const { color } = getComputedStyle(node);
	style.color = "";
	const scale = /^c/.test(color) ? 255 : 1;
	const [r = 0, g = 0, b = 0, alpha = 1] = (color.match(/[-\d.]+(e-\d+)?/g) ?? []).map(Number);
	const byte = (n: number) => Math.min(255, Math.max(0, n * scale));
	return alpha < 1 ? null : [byte(r), byte(g), byte(b)];
}

/** Mixes `a` and `b`: a share of 0 is `a`, 1 is `b`. */
export function mix(a: Rgb, b: Rgb, share: number): Rgb {
	return a.map((x, i) => x + ((b[i] ?? 0) - x) * share);
}

export const css = (color: Rgb) => `rgb(${color.map(Math.round)})`;

/** WCAG 1.4.3 demands 4.5 for normal text (level AA). More, because browsers round, and so does contrast(). */
const READABLE = 4.54;

/** Moves `color` away from `other` until it is readable on it, or the other way round. */
export function readableOn(other: Rgb, color: Rgb): Rgb {
	const end = farFrom(other);
	let moved = color;
	while (contrast(moved, other) < READABLE) moved = moved.map((x) => x + (end - x) / 50);
	return moved;
}

/** The background and the text that come closest to what the site wants and are readable. */
export function readable(accent: Rgb, wanted: Rgb): readonly [ground: Rgb, text: Rgb] {
	const text = textOn(accent, wanted);
	return [readableOn(text, accent), text];
}
