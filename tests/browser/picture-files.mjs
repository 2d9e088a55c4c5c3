// Files for tests of uploads: pictures that a browser can decode, and some that it must not.

import { randomBytes } from "node:crypto";
import { crc32, deflateSync } from "node:zlib";

const crcOf = crc32 ?? crcSlow;

/** Node before 20.15 has no crc32(). */
function crcSlow(bytes) {
	let crc = -1;
	for (const byte of bytes) {
		crc ^= byte;
		for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
	}
	return ~crc >>> 0;
}

function chunk(type, data) {
	const body = Buffer.concat([Buffer.from(type), data]);
	const bytes = Buffer.alloc(body.length + 8);
	bytes.writeUInt32BE(data.length, 0);
	body.copy(bytes, 4);
	bytes.writeUInt32BE(crcOf(body), body.length + 4);
	return bytes;
}

const SIGNATURE = Buffer.from("89504e470d0a1a0a", "hex");

function header(width, height) {
	const bytes = Buffer.alloc(13);
	bytes.writeUInt32BE(width, 0);
	bytes.writeUInt32BE(height, 4);
	bytes.set([8, 2], 8);
	return chunk("IHDR", bytes);
}

/** A PNG of these pixels; isNoise: which nothing compresses. */
export function pngOf(width, height, { isNoise = false } = {}) {
	const line = width * 3 + 1;
	const raw = isNoise ? randomBytes(line * height) : Buffer.alloc(line * height);
	for (let y = 0; y < height; y++) {
		raw[y * line] = 0;
		if (isNoise) continue;
		for (let x = 0; x < width; x++)
			raw.set([(x * 255) / width, (y * 255) / height, 160], y * line + 1 + x * 3);
	}
	return Buffer.concat([
		SIGNATURE,
		header(width, height),
		chunk("IDAT", deflateSync(raw)),
		chunk("IEND", Buffer.alloc(0)),
	]);
}

/** Says that it has 900 million pixels. */
export const BOMB = Buffer.concat([
	SIGNATURE,
	header(30_000, 30_000),
	chunk("IDAT", deflateSync(Buffer.alloc(100_000))),
	chunk("IEND", Buffer.alloc(0)),
]);

/** A GIF of one pixel that is a script, too. */
export const GIF_SCRIPT = Buffer.concat([
	Buffer.from("GIF89a"),
	Buffer.from([1, 0, 1, 0, 0x80, 0, 0, 255, 0, 0, 0, 0, 0]),
	Buffer.from([0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3b]),
	Buffer.from("/*<script>window.wasRun=1</script>*/"),
]);

/** A JPEG that ends in the middle of its header. */
export const CUT_JPEG = Buffer.from("ffd8ffe000104a46494600010100000100010000ffc0", "hex");

export const fileOf = (name, buffer, mimeType = "application/octet-stream") => ({
	name,
	mimeType,
	buffer,
});
