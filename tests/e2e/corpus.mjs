// Reads the raw requests of tests/http/corpus.def, and sends them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RawConnection } from "./client.mjs";
import { ROOT } from "./daemon.mjs";

const FILE = join(ROOT, "tests/http/corpus.def");
const ESCAPES = { r: "\r", n: "\n", t: "\t", 0: "\0", "\\": "\\", '"': '"' };

function decodeEscapes(text) {
	return text.replace(/\\(?:x([0-9a-f]{2})|(.))/g, (all, hex, name) => {
		const known = hex ? String.fromCharCode(Number.parseInt(hex, 16)) : ESCAPES[name];
		assert.ok(known !== undefined, `unknown escape ${all}`);
		return known;
	});
}

/** The arguments of a row. Adjacent strings are one, as in C. */
function argumentsOf(text) {
	const all = [""];
	for (const [token, string] of text.matchAll(/"((?:[^"\\]|\\.)*)"|\d+|,/g)) {
		if (token === ",") all.push("");
		else all[all.length - 1] += string === undefined ? token : decodeEscapes(string);
	}
	return all;
}

/** @returns {{name: string, outcomes: string[], bytes: Buffer}[]} */
export function readCorpus() {
	const rows = readFileSync(FILE, "utf8").matchAll(/^(CASE|REPEAT|AROUND)\((.*?)\)$/gms);
	const cases = [];
	let around = ["", ""];
	for (const [, kind, text] of rows) {
		const row = argumentsOf(text);
		if (kind === "AROUND") {
			around = row;
			continue;
		}
		const [outcomes, name, ...pieces] = row;
		const [before, times, bytes, after] = kind === "REPEAT" ? pieces : ["", 1, pieces[0], ""];
		const all = around[0] + before + bytes.repeat(Number(times)) + after + around[1];
		cases.push({ name, outcomes: outcomes.split(" "), bytes: Buffer.from(all, "latin1") });
	}
	return cases;
}

/** Sends each piece with a separate write on a new connection, and half-closes it. */
export async function sendPieces(port, pieces) {
	const raw = await RawConnection.connect(port);
	for (const piece of pieces) {
		await raw.write(piece);
		// Pending input is read first: Node discards unread input when a write fails.
		await new Promise(setImmediate);
	}
	raw.end();
	return raw;
}
