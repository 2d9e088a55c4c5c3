// Frames and their contents, as the top comment of proto/ipc/wire.h describes them: an implementation of the tests'
// own, so that a mistake on both sides of the C code shows.
//
// Values: numbers (BigInt where a u64 needs it), ids and hashes as hex, text as strings, bytes as Buffers, a record
// as an object (null: left out), a list as an array of objects. decodePayload() checks everything that a receiver
// must check; encode() checks nothing, so that tests can send invalid data: a Buffer in place of any value is used
// as its bytes.

import { isUtf8 } from "node:buffer";
import { BY_NUMBER, TABLE } from "./table.mjs";

const HEADER_SIZE = 16;
export const FRAME_MAX = 1024 * 1024;
export const PAYLOAD_MAX = FRAME_MAX - HEADER_SIZE;

const FIXED = { U8: 1, U16: 2, U32: 4, U64: 8, ID: 16, HASH: 32 };

function putNumber(out, at, size, value) {
	if (size === 8) return out.writeBigUInt64LE(BigInt(value), at);
	return out.writeUIntLE(value, at, size);
}

/** The bytes of a value, prefixed by its length. */
function contentOf(field, value) {
	if (Buffer.isBuffer(value)) return value;
	switch (field.type) {
		case "TEXT":
			return Buffer.from(value ?? "", "utf8");
		case "REC":
			return value ? encodePayload(field.item, value) : Buffer.alloc(0);
		case "LIST":
			return Buffer.concat((value ?? []).map((item) => counted(encodePayload(field.item, item))));
		default:
			return Buffer.alloc(0);
	}
}

function counted(content) {
	const out = Buffer.allocUnsafe(4 + content.length);
	out.writeUInt32LE(content.length, 0);
	content.copy(out, 4);
	return out;
}

/** The position of each field of an encoded message: [field, its bytes without the length]. */
function encodeFields({ fields }, message) {
	return fields.map((field) => {
		const value = message[field.name];
		const size = FIXED[field.type];
		if (size === undefined) return [field, contentOf(field, value)];
		if (Buffer.isBuffer(value)) return [field, value];
		if (size > 8) return [field, value ? Buffer.from(value, "hex") : Buffer.alloc(size)];
		const out = Buffer.allocUnsafe(size);
		putNumber(out, 0, size, value ?? 0);
		return [field, out];
	});
}

/** The encoded fields of a message or record; fields that are not given are zero or empty. */
export function encodePayload(description, message) {
	const parts = encodeFields(description, message);
	const size = parts.reduce(
		(sum, [field, bytes]) => sum + bytes.length + (FIXED[field.type] ? 0 : 4),
		0,
	);
	const out = Buffer.allocUnsafe(size);
	let at = 0;
	for (const [field, bytes] of parts) {
		if (!FIXED[field.type]) at = out.writeUInt32LE(bytes.length, at);
		at += bytes.copy(out, at);
	}
	return out;
}

export function frame(type, request, payload, { flags = 0, length = payload.length } = {}) {
	const out = Buffer.allocUnsafe(HEADER_SIZE + payload.length);
	out.writeUInt32LE(length, 0);
	out.writeUInt16LE(type, 4);
	out.writeUInt16LE(flags, 6);
	out.writeBigUInt64LE(BigInt(request), 8);
	payload.copy(out, HEADER_SIZE);
	return out;
}

export function encode(name, message = {}, request = 0) {
	return frame(TABLE[name].number, request, encodePayload(TABLE[name], message));
}

/** Reads forward through bytes, never past their end. */
class Reader {
	constructor(bytes) {
		this.bytes = bytes;
		this.at = 0;
	}

	take(n) {
		if (this.bytes.length - this.at < n) throw new Error("short");
		this.at += n;
		return this.bytes.subarray(this.at - n, this.at);
	}

	number(size) {
		const bytes = this.take(size);
		if (size < 8) return bytes.readUIntLE(0, size);
		const value = bytes.readBigUInt64LE(0);
		return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
	}

	counted() {
		return this.take(this.number(4));
	}
}

/** The items of an encoded list. */
function takeList(bytes) {
	const items = [];
	const list = new Reader(bytes);
	while (list.at < bytes.length) items.push(list.counted());
	return items;
}

function decodeContent(field, bytes) {
	if (bytes.length > field.max) throw new Error(`${field.name} is too long`);
	switch (field.type) {
		case "TEXT":
			if (!isUtf8(bytes)) throw new Error(`${field.name} is not UTF-8`);
			return bytes.toString("utf8");
		case "REC":
			return bytes.length === 0 ? null : decodePayload(field.item, bytes);
		case "LIST":
			return takeList(bytes).map((item) => decodePayload(field.item, item));
		default:
			return Buffer.from(bytes);
	}
}

function decodeField(field, reader) {
	const size = FIXED[field.type];
	if (size === undefined) return decodeContent(field, reader.counted());
	if (size > 8) return reader.take(size).toString("hex");
	const value = reader.number(size);
	if (field.max !== 0 && value > field.max) throw new Error(`${field.name} is too great`);
	return value;
}

/** The fields of a message or record as an object. */
export function decodePayload({ fields }, bytes) {
	const reader = new Reader(bytes);
	const message = {};
	for (const field of fields) message[field.name] = decodeField(field, reader);
	if (reader.at < bytes.length) throw new Error("bytes after the last field");
	return message;
}

/**
 * The frame at the start of bytes, or undefined if it is incomplete. @returns {{ is: string,
 * request: number | bigint, size: number, payload: Buffer } | undefined}
 */
export function takeFrame(bytes) {
	if (bytes.length < HEADER_SIZE) return undefined;
	const length = bytes.readUInt32LE(0);
	if (length > PAYLOAD_MAX) throw new Error("a frame over the greatest length");
	if (bytes.readUInt16LE(6) !== 0) throw new Error("reserved flags");
	if (bytes.length - HEADER_SIZE < length) return undefined;
	const description = BY_NUMBER.get(bytes.readUInt16LE(4));
	if (!description) throw new Error("an unknown message");
	const request = bytes.readBigUInt64LE(8);
	return {
		is: description.name,
		request: request <= Number.MAX_SAFE_INTEGER ? Number(request) : request,
		size: HEADER_SIZE + length,
		payload: bytes.subarray(HEADER_SIZE, HEADER_SIZE + length),
	};
}
