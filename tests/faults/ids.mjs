// Ids like those of workers: UUIDv7 (RFC 9562, section 5.7), here as hex without dashes.

import { randomBytes } from "node:crypto";

export const ORG = "00000000000070008000000000000001";
export const WIDGET = "00000000000070008000000000000002";

/** An id as the API shows it. */
export const dashed = (hex) => hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");

let lastMs = 0;
let counter = 0;

/** Random hex, read from the system for many ids at once. */
let pool = "";
let used = 0;

function randomHex(digits) {
	if (used + digits > pool.length) [pool, used] = [randomBytes(8192).toString("hex"), 0];
	used += digits;
	return pool.slice(used - digits, used);
}

export function newId() {
	const now = Date.now();
	if (now > lastMs) [lastMs, counter] = [now, 0];
	else if (++counter > 0xfff) [lastMs, counter] = [lastMs + 1, 0];
	const time = lastMs.toString(16).padStart(12, "0");
	return `${time}7${counter.toString(16).padStart(3, "0")}8${randomHex(15)}`;
}
