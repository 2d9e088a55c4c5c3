import assert from "node:assert/strict";
import { test } from "node:test";
import { BLACK, contrast, parseHex, type Rgb, toHex, WHITE } from "../src/app/ui/color";
import { READABLE, themeFor } from "../src/app/ui/theme";

/** Every 17th step of each channel: 4,096 colours, from black to white. */
function* palette(): Generator<Rgb> {
	for (let n = 0; n < 4096; n++) {
		yield { r: (n >> 8) * 17, g: ((n >> 4) & 15) * 17, b: (n & 15) * 17 };
	}
}

test("contrast is that of WCAG: 21 for black on white, 1 for a colour on itself", () => {
	assert.equal(contrast(BLACK, WHITE).toFixed(3), "21.000");
	assert.equal(contrast(WHITE, BLACK).toFixed(3), "21.000");
	assert.equal(contrast({ r: 9, g: 9, b: 9 }, { r: 9, g: 9, b: 9 }), 1);
	// #767676 is the well-known lightest grey that passes on white.
	assert.ok(contrast({ r: 118, g: 118, b: 118 }, WHITE) >= READABLE);
	assert.ok(contrast({ r: 119, g: 119, b: 119 }, WHITE) < READABLE);
});

test("whatever the accent, every text can be read", () => {
	for (const accent of palette()) {
		const theme = themeFor(accent);
		const name = toHex(accent);
		assert.ok(contrast(theme.onAccent, theme.accent) >= READABLE, `text on ${name}`);
		assert.ok(contrast(theme.onAccent, theme.deep) >= READABLE, `text on the end of ${name}`);
		assert.ok(contrast(theme.strong, WHITE) >= READABLE, `${name} on white`);
		assert.ok(contrast(theme.strong, theme.tint) >= READABLE, `${name} on its tint`);
		assert.ok(contrast(theme.strong, theme.wash) >= READABLE, `${name} behind the messages`);
	}
});

test("white text is preferred, and an accent that is dark enough is left alone", () => {
	const indigo: Rgb = { r: 79, g: 70, b: 229 };
	assert.equal(themeFor(indigo).onAccent, WHITE);
	assert.deepEqual(themeFor(indigo).strong, indigo);
});

test("hex colours are read in both lengths and cases, and written back", () => {
	for (const color of palette()) assert.deepEqual(parseHex(toHex(color).toUpperCase()), color);
	assert.deepEqual(parseHex("#0f8"), { r: 0, g: 255, b: 136 });
	for (const wrong of ["", "#", "0f8", "#0f", "#0f8f", "#gggggg", "#0f8 ", "red"]) {
		assert.equal(parseHex(wrong), null, wrong);
	}
});
