import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { TAG_COLORS } from "../src/ui/tag-colors";

/** WCAG 2.2, 1.4.11: what is needed to understand a picture. */
const CONTRAST_MIN = 3;

function luminance(color: string): number {
	const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
		const c = Number.parseInt(color.slice(at, at + 2), 16) / 255;
		return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
	});
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
	const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
	return (high + 0.05) / (low + 0.05);
}

test("each colour of tags stands out on both schemes' grounds", () => {
	const tokens = readFileSync("src/styles/tokens.css", "utf8");
	const grounds = [...tokens.matchAll(/--(?:sheet|hover): light-dark\((#\w{6}), (#\w{6})\)/g)]
		.flatMap(([, light, dark]) => [light, dark])
		.filter((color) => color !== undefined);
	assert.equal(grounds.length, 4);
	for (const [text, value] of Object.entries(TAG_COLORS))
		for (const ground of grounds) {
			const ratio = contrast(value, ground);
			assert.ok(ratio >= CONTRAST_MIN, `${text} on ${ground}: ${ratio.toFixed(2)}`);
		}
});

test("each colour is there once", () => {
	const values = Object.values(TAG_COLORS);
	assert.equal(new Set(values).size, values.length);
});
