// Colours as numbers, and contrast by WCAG 2.1.

export interface Rgb {
	readonly r: number;
	readonly g: number;
	readonly b: number;
}

export const WHITE: Rgb = { r: 255, g: 255, b: 255 };
export const BLACK: Rgb = { r: 0, g: 0, b: 0 };

/** #rgb or #rrggbb, in either case; null for anything else. */
export function parseHex(text: string): Rgb | null {
	const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(text);
	const digits = short ? short.slice(1).map((d) => d + d) : null;
	const long = digits ?? /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(text)?.slice(1);
	if (!long) return null;
	const [r = 0, g = 0, b = 0] = long.map((d) => Number.parseInt(d, 16));
	return { r, g, b };
}

export function toHex({ r, g, b }: Rgb): string {
	return `#${[r, g, b].map((n) => n.toString(16).padStart(2, "0")).join("")}`;
}

/** Mixes `a` and `b`: a share of 0 is `a`, 1 is `b`. */
export function mix(a: Rgb, b: Rgb, share: number): Rgb {
	const blend = (x: number, y: number) => Math.round(x + (y - x) * share);
	return { r: blend(a.r, b.r), g: blend(a.g, b.g), b: blend(a.b, b.b) };
}

/** Relative luminance, 0 (black) to 1 (white). */
function luminance({ r, g, b }: Rgb): number {
	const linear = (byte: number) => {
		const c = byte / 255;
		return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
	};
	return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}

/** Contrast ratio, 1 to 21; symmetric. */
export function contrast(a: Rgb, b: Rgb): number {
	const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
	return (high + 0.05) / (low + 0.05);
}
