// Colours as numbers, and contrast by WCAG 2.2: what loader and app share. Small, because the loader is.

/** Red, green and blue, 0 to 255. */
export type Rgb = readonly number[];

/** Relative luminance, with what the contrast adds to it. Slightly too high for very dark colours. */
const luminance = ([r = 0, g = 0, b = 0]: Rgb) => {
	const linear = (byte: number) => ((byte / 255 + 0.055) / 1.055) ** 2.4;
	return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b) + 0.05;
};

/** Contrast ratio, 1 to 21; symmetric. */
export function contrast(a: Rgb, b: Rgb): number {
	const ratio = luminance(a) / luminance(b);
	return ratio > 1 ? ratio : 1 / ratio;
}

/** The end of the scale that has more contrast: 0, black, for light colours. */
export const farFrom = (color: Rgb) => (luminance(color) > 0.2291 ? 0 : 255);

/** WCAG's minimum contrast of icons and large text. */
export const VISIBLE = 3;

/** The text colour on `ground`: the one that the site wants, if it can be seen, else black or white. */
export function textOn(ground: Rgb, wanted: Rgb): Rgb {
	const end = farFrom(ground);
	return contrast(ground, wanted) < VISIBLE ? [end, end, end] : wanted;
}
