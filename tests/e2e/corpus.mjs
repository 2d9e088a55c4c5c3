// Reads the raw requests of tests/http/corpus.txt, sends them, and parses the responses.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { DEADLINE_MS, ROOT } from "./daemon.mjs";

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

/**
 * Sends each piece with a separate write on a new connection, half-closes it, and resolves to all bytes that
 * the server sent before it closed or reset the connection. Pending input is read before each write,
 * because Node discards unread input when a write fails.
 */
export function sendPieces(port, pieces, host = "127.0.0.1") {
	return new Promise((resolve, reject) => {
		const socket = connect({ port, host, noDelay: true, allowHalfOpen: true });
		const answers = [];
		let connected = false;
		const done = () => {
			socket.destroy();
			resolve(Buffer.concat(answers));
		};
		const send = (i) => {
			if (i === pieces.length) socket.end();
			else socket.write(pieces[i], () => setImmediate(send, i + 1));
		};
		socket.setTimeout(DEADLINE_MS, () =>
			reject(new Error("the server did not close the connection")),
		);
		socket.on("connect", () => {
			connected = true;
			send(0);
		});
		socket.on("data", (piece) => answers.push(piece));
		socket.on("end", done);
		socket.on("error", (error) => (connected ? done() : reject(error)));
	});
}

/**
 * Parses responses; interim ones are skipped. methods: of the requests, because a response to HEAD has no
 * body.
 * @returns {{status: number, headers: Record<string, string>, body: Buffer}[]}
 */
export function parseResponses(bytes, methods = []) {
	const answers = [];
	for (let at = 0; at < bytes.length; ) {
		const end = bytes.indexOf("\r\n\r\n", at);
		assert.ok(end !== -1, `a response is cut off: ${bytes.subarray(at, at + 80)}`);
		const [first, ...lines] = bytes.subarray(at, end).toString("latin1").split("\r\n");
		const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(first) ?? [];
		assert.ok(status, `a status line: ${JSON.stringify(first)}`);
		const headers = Object.fromEntries(
			lines.map((line) => [
				line.slice(0, line.indexOf(":")).toLowerCase(),
				line.slice(line.indexOf(":") + 1).trim(),
			]),
		);
		at = end + 4;
		if (status === "100") continue;
		const bodiless = methods[answers.length] === "HEAD" || status === "204" || status === "304";
		const length = bodiless ? 0 : Number(headers["content-length"]);
		assert.ok(at + length <= bytes.length, "the response's body is complete");
		answers.push({
			status: Number(status),
			headers,
			body: bytes.subarray(at, at + length),
		});
		at += length;
	}
	return answers;
}
