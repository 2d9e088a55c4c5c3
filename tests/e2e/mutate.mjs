// Generates HTTP requests: mutations of valid and invalid ones.

import { below, pick } from "../faults/random.mjs";

// Input that HTTP parsers are known to interpret differently.
const BAIT = [
	...["\r\n", "\n", "\r", "\0", " ", "\t", "\x0b", "\x7f", "\x80", "\xa0"],
	...[":", ",", ";", "0", "9", "+", "-", "\r\n\r\n", "\r\n ", "0\r\n\r\n"],
	...["Content-Length: 0\r\n", "Content-Length: 3\r\n", "Content-Length: 03 \r\n"],
	...["Content-Length:\t3\t\r\n", "content-length : 3\r\n"],
	...["Transfer-Encoding: chunked\r\n", "Transfer-Encoding:\x0bchunked\r\n"],
	...["5\r\n", "0\r\n", "1;", ";a=", '"', "\\", "Trailer: X\r\n"],
	...["Transfer_Encoding: chunked\r\n", "Expect: 100-continue\r\n", "Host: b\r\n"],
	...["Connection: close\r\n", "Connection: keep-alive\r\n"],
	...["Connection: upgrade\r\nUpgrade: x\r\n", "HTTP/1.0", "HTTP/1.1"],
	"GET /y HTTP/1.1\r\nHost: a\r\n\r\n",
];

/** The text with n characters at a place replaced. */
const splice = (text, at, n, by) => text.slice(0, at) + by + text.slice(at + n);

const otherCase = (one) => (one === one.toLowerCase() ? one.toUpperCase() : one.toLowerCase());

/** The text with its lines changed by change(lines, a, b): a and b are random places. */
function changeLines(text, change) {
	const lines = text.split("\r\n");
	change(lines, below(lines.length), below(lines.length));
	return lines.join("\r\n");
}

/** Mutations: each takes a text and returns another. */
const CHANGES = [
	// replace, delete or repeat a byte
	(text) => splice(text, below(text.length), 1, String.fromCharCode(below(256))),
	(text) => splice(text, below(text.length), 1, ""),
	(text) => {
		const at = below(text.length);
		return splice(text, at, 0, text[at]);
	},
	// change the case of a letter
	(text) => {
		const at = below(text.length);
		const other = otherCase(text[at]);
		return other.length === 1 ? splice(text, at, 1, other) : text;
	},
	// insert bait anywhere, or at the beginning of a line
	(text) => splice(text, below(text.length + 1), 0, pick(BAIT)),
	(text) => {
		const ends = [...text.matchAll(/\r\n/g)].map((match) => match.index + 2);
		return splice(text, ends.length === 0 ? 0 : pick(ends), 0, pick(BAIT));
	},
	// repeat a line, or swap two lines
	(text) => changeLines(text, (lines, at) => lines.splice(at, 0, lines[at])),
	(text) =>
		changeLines(text, (lines, a, b) => {
			[lines[a], lines[b]] = [lines[b], lines[a]];
		}),
	// change the Content-Length
	(text) => text.replace(/(Content-Length: *)(\d+)/i, (_, name) => name + below(12)),
];

/** One to three of these requests, mostly valid ones, with up to three mutations. */
export function invent(known, valid) {
	let text = "";
	for (let i = below(3); i >= 0; i--) text += pick(below(4) === 0 ? known : valid);
	for (let i = below(4); i > 0 && text.length > 0; i--) text = pick(CHANGES)(text);
	return Buffer.from(text, "latin1");
}
