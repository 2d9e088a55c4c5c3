// Reads the raw requests of tests/http/corpus.txt, and sends them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RawConnection } from "./client.mjs";
import { ROOT } from "./daemon.mjs";

const FILE = join(ROOT, "tests/http/corpus.txt");
const ESCAPES = { r: "\r", n: "\n", t: "\t", 0: "\0", "\\": "\\", '"': '"' };

function decodeEscapes(text) {
	return text.replace(/\\(?:x([0-9a-f]{2})|(.))/g, (all, hex, name) => {
		const known = hex ? String.fromCharCode(Number.parseInt(hex, 16)) : ESCAPES[name];
		assert.ok(known !== undefined, `unknown escape ${all}`);
		return known;
	});
}

function piecesOf(line) {
	const pieces = [...line.matchAll(/"((?:[^"\\]|\\.)*)"(?:\*(\d+))?/g)];
	return pieces.map(([, text, times]) => decodeEscapes(text).repeat(Number(times ?? 1)));
}

/** @returns {{name: string, outcomes: string[], bytes: Buffer}[]} */
export function readCorpus() {
	const cases = [];
	let around = ["", ""];
	for (const line of readFileSync(FILE, "utf8").split("\n")) {
		if (line.startsWith("## ")) around = ["", ""];
		if (line === "" || line.startsWith("#")) continue;
		const pieces = piecesOf(line);
		if (line.startsWith("around ")) around = pieces;
		else if (line.startsWith("\t")) cases.at(-1).text += pieces.join("");
		else {
			const [, outcomes, name] = /^([a-z0-9 ]+): ([^"]*?) *(?:"|$)/.exec(line);
			cases.push({ name, outcomes: outcomes.split(" "), around, text: pieces.join("") });
		}
	}
	return cases.map(({ name, outcomes, around: [before, after], text }) => ({
		name,
		outcomes,
		bytes: Buffer.from(before + text + after, "latin1"),
	}));
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
