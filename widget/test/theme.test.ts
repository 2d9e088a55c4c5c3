import assert from "node:assert/strict";
import { test } from "node:test";
import { readable } from "../src/app/ui/css-color";
import { themeFor } from "../src/app/ui/theme";
import { type Rgb, textOn } from "../src/color";

const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [0, 0, 0];
/** WCAG 1.4.3, level AA. */
const READABLE = 4.5;
/** A contrast of UI parts, WCAG 1.4.11. */
const VISIBLE = 3;
/** Of a bubble on the ground of the dark scheme. */
const BUBBLE = 1.15;

/** Colours from black to white, `steps` of each channel. */
function* palette(steps: number): Generator<Rgb> {
	const level = (n: number) => Math.round((255 * (n % steps)) / (steps - 1));
	for (let n = 0; n < steps ** 3; n++) {
		yield [level(n), level(Math.floor(n / steps)), level(Math.floor(n / steps ** 2))];
	}
}

/** As WCAG 2.2 defines it. */
function luminance(color: Rgb): number {
	const [r = 0, g = 0, b = 0] = color.map((byte) => {
		const c = Math.round(byte) / 255;
		return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
	});
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: Rgb, b: Rgb): number {
	const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
	return (high + 0.05) / (low + 0.05);
}

test("whatever the accent and its text colour, everything can be read in both schemes", () => {
	for (const accent of palette(12)) {
		for (const chosen of [null, WHITE, BLACK, [128, 128, 128], [255, 238, 0], [128, 0, 128]]) {
			for (const isDark of [false, true]) {
				const theme = themeFor(accent, chosen, isDark);
				const grounds = [theme.ground, theme.wash, theme.surface];
				const check = (front: Rgb, back: Rgb, least: number, what: string) =>
					assert.ok(contrast(front, back) >= least, `${what}: ${accent}, ${chosen}, ${isDark}`);
				check(theme["on-accent"], theme.accent, READABLE, "text on the accent");
				check(theme["on-accent"], theme.deep, READABLE, "text on the gradient's end");
				for (const back of [...grounds, theme.tint]) check(theme.strong, back, READABLE, "accent");
				for (const back of [...grounds, theme.alarm]) {
					check(theme.ink, back, READABLE, "ink");
					check(theme.muted, back, READABLE, "muted");
					check(theme.danger, back, READABLE, "danger");
				}
				for (const back of [theme.ground, theme.wash]) check(theme.edge, back, VISIBLE, "edge");
				// In the light scheme a bubble has a shadow, which a dark ground does not show.
				if (isDark) check(theme.ground, theme.wash, BUBBLE, "bubble");
			}
		}
	}
});

test("colours change only as far as they must", () => {
	const indigo: Rgb = [79, 70, 229];
	assert.deepEqual(readable(indigo, WHITE), [indigo, WHITE]);
	assert.deepEqual(themeFor(indigo).strong, indigo);
	// The default accent: 4.46.
	const [ground, text] = readable([99, 102, 241], WHITE);
	assert.deepEqual([ground.map(Math.round), text], [[97, 100, 236], WHITE]);
	assert.deepEqual(readable([255, 238, 0], WHITE), [[255, 238, 0], BLACK]);
	for (const accent of palette(9)) {
		for (const text of palette(5)) {
			const [ground, front] = readable(accent, text);
			assert.ok(contrast(ground, front) >= READABLE, `${text} on ${accent}`);
			// The loader's button.
			assert.ok(contrast(accent, textOn(accent, text)) >= VISIBLE - 0.05, `${text} on ${accent}`);
		}
	}
});
