import assert from "node:assert/strict";
import { test } from "node:test";
import { pictureIn, pictureType } from "../src/files/picture";

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replace(/ /g, ""), "hex"));
const hex = (n: number, digits: number) => n.toString(16).padStart(digits, "0");
/** The same number with its bytes the other way round. */
const little = (n: number) => hex(n, 4).replace(/(..)(..)/, "$2$1");

const png = (width: number, height: number) =>
	bytes(`89504e470d0a1a0a 0000000d 49484452 ${hex(width, 8)}${hex(height, 8)} 0802000000`);
const jpeg = (width: number, height: number) =>
	bytes(`ffd8 ffe00004 0000 ffff c0 0011 08 ${hex(height, 4)}${hex(width, 4)} 03`);
const gif = (screen: number, frame: number) =>
	bytes(
		`474946383961 ${little(screen)}${little(screen)} 800000 000000ffffff 21f9 04 00000000 00 ` +
			`2c 00000000 ${little(frame)}${little(frame)} 00`,
	);
const webp = (kind: string, rest: string) =>
	bytes(`52494646 00000000 57454250 ${Buffer.from(kind).toString("hex")} 0a000000 ${rest}`);

test("pictures are known by their content", () => {
	assert.equal(pictureType(png(4000, 3000)), "image/png");
	assert.equal(pictureType(jpeg(4000, 3000)), "image/jpeg");
	assert.equal(pictureType(gif(300, 300)), "image/gif");
	assert.equal(pictureType(webp("VP8X", "00000000 9f0f00 b70b00")), "image/webp");
	assert.equal(pictureType(webp("VP8 ", "000000 9d012a a00fb80b")), "image/webp");
	assert.equal(pictureType(webp("VP8L", "2f 9f0fee02")), "image/webp");
});

test("what is too large to be decoded is no picture, wherever its size is said", () => {
	assert.equal(pictureType(png(5001, 5000)), "");
	assert.equal(pictureType(png(5000, 5000)), "image/png");
	assert.equal(pictureType(png(0, 10)), "");
	assert.equal(pictureType(jpeg(65000, 65000)), "");
	assert.equal(pictureType(gif(65000, 1)), "");
	assert.equal(pictureType(gif(1, 65000)), "", "a first frame that is larger than its screen");
	assert.equal(pictureType(webp("VP8X", "00000000 ffffff ffffff")), "");
});

test("everything else is no picture: other formats, and what ends too early", () => {
	for (const text of ["", "<svg/>", "<html>", "GIF89a", "RIFF    WEBPVP8X", "BM", "\xff\xd8\xff"])
		assert.equal(pictureType(Uint8Array.from(Buffer.from(text, "latin1"))), "");
	for (const whole of [png(9, 9), jpeg(9, 9), gif(9, 9)])
		for (let length = 0; length < whole.length - 6; length++)
			assert.doesNotThrow(() => pictureType(whole.subarray(0, length)));
	// Nothing goes round for ever.
	assert.equal(pictureType(bytes("ffd8ffff".padEnd(4000, "f"))), "");
	assert.equal(pictureType(bytes("ffd8ffe00000".padEnd(4000, "0"))), "");
});

test("a browser gets a type of ours, not the one that somebody has said", async () => {
	const given = new Blob([png(9, 9)], { type: "text/html" });
	assert.equal((await pictureIn(given))?.type, "image/png");
	assert.equal(await pictureIn(new Blob(["<svg/>"], { type: "image/png" })), null);
});
