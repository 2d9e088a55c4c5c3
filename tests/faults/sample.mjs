// A valid value for any message of the table, and all its corruptions. Generated from the table, so
// that new messages are covered automatically.

import { newId } from "./ids.mjs";
import { TABLE } from "./table.mjs";
import { encodePayload, frame } from "./wire.mjs";

/** Truncations of a byte field, one per length. */
const BYTES_ENOUGH = 64;

const INTEGERS = { U8: 8, U16: 16, U32: 32, U64: 64 };
const NOT_UTF8 = [
	[0x80], // goes on with nothing
	[0xc3], // ends too early
	[0xc0, 0xaf], // longer than it need be
	[0xed, 0xa0, 0x80], // half a surrogate pair
	[0xf4, 0x90, 0x80, 0x80], // beyond U+10FFFF
	[0xff],
];

function sampleValue(field) {
	switch (field.type) {
		case "ID":
			return newId();
		case "HASH":
			return newId() + newId();
		case "TEXT":
			return "tëxt";
		case "BYTES":
			return Buffer.alloc(Math.min(field.max, BYTES_ENOUGH));
		case "REC":
			return sample(field.item);
		case "LIST":
			return [sample(field.item), sample(field.item)];
		default:
			return 1;
	}
}

/** A message that any receiver must accept. */
export function sample({ fields }) {
	return Object.fromEntries(fields.map((field) => [field.name, sampleValue(field)]));
}

function isCounted(field) {
	return ["TEXT", "BYTES", "REC", "LIST"].includes(field.type);
}

/** Values of one field above its maximum. */
function tooGreat(field) {
	const bits = INTEGERS[field.type];
	if (isCounted(field)) return [Buffer.alloc(field.max + 1, "x")];
	if (bits === undefined || field.max === 0 || field.max >= 2 ** bits - 1) return [];
	return [field.max + 1, 2 ** bits - 1];
}

/** The message with an excessive length of one field. */
function withLyingLength(description, message, i) {
	const before = encodePayload({ fields: description.fields.slice(0, i) }, message);
	const payload = encodePayload(description, message);
	payload.writeUInt32LE(0xffffffff, before.length);
	return payload;
}

/** Invalid payloads, each as [payload, reason, description]. */
export function spoiled(description) {
	const message = sample(description);
	const whole = encodePayload(description, message);
	const all = [[Buffer.concat([whole, Buffer.alloc(1)]), "trailing_bytes", "one byte more"]];
	for (let n = 0; n < whole.length; n++)
		all.push([whole.subarray(0, n), "short", `the first ${n} bytes`]);
	for (const [i, field] of description.fields.entries()) {
		const change = (value) => encodePayload(description, { ...message, [field.name]: value });
		for (const value of tooGreat(field))
			all.push([change(value), "out_of_range", `${field.name} over its maximum`]);
		if (isCounted(field))
			all.push([withLyingLength(description, message, i), "short", `${field.name} of 4 GiB`]);
		if (field.type === "TEXT")
			for (const bytes of NOT_UTF8)
				all.push([change(Buffer.from(bytes)), "not_utf8", `${field.name} of ${bytes}`]);
		if (field.type === "REC")
			for (const [payload, why, what] of spoiled(field.item))
				if (payload.length > 0 && payload.length <= field.max)
					all.push([change(payload), why, `in ${field.name}, ${what}`]);
	}
	return all;
}

/** Whether this role may send it to storaged after its hello. */
export function isAllowed(description, role) {
	return description.when === "READY" && description.from.has(role) && description.to.has("STORE");
}

export function allowedTo(role) {
	return Object.values(TABLE).filter((description) => isAllowed(description, role));
}

/** A valid frame of this message. */
export function sampleFrame(description, request = 1) {
	return frame(description.number, request, encodePayload(description, sample(description)));
}
