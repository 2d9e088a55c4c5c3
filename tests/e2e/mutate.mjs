// Generates HTTP requests: valid ones, composed of parts, and mutations of valid and invalid ones.

import { below, pick } from "../faults/random.mjs";

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"];
const TARGETS = [
	...["/", "/x", "//x", "/a/../b", "/x?y=z", "/?", "/%00", "/a;b=c"],
	...["http://a/x", "/[]"],
];
const FIELDS = [
	...["X: y", "X:", "X:  \t y \t ", "X: \xe9\xff\x80", "X: a\tb", "!#$%&'*+-.^_`|~: x"],
	...["Accept: */*", "Cookie: a=b; c=d", "Content-Type: text/plain", "Expect: 100-continue"],
	...["Connection: keep-alive", "Connection: close", "Connection: x, close , y"],
	...["Connection: upgrade", "Upgrade: websocket", "Upgrade: h2c", "TE: trailers", "Trailer: X"],
	...["Proxy-Connection: close", "Keep-Alive: timeout=5"],
];
const EXTENSIONS = ["", "", "", ";a", ";a=b;c", ';a="b\\"\\\\;c \xe9"'];
const TRAILERS = ["X: y", "X:", "Digest:\ta, b ", "Etag: \xe9"];
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

const bytesOf = (n) =>
	Array.from({ length: below(n) }, () => String.fromCharCode(below(256))).join("");

/** Composes a valid chunked body. */
function composeChunks() {
	const sizeOf = (n) => {
		const digits = "0".repeat(below(3)) + n.toString(16);
		return (below(2) === 0 ? digits : digits.toUpperCase()) + pick(EXTENSIONS);
	};
	const chunks = Array.from({ length: below(4) }, () => bytesOf(20))
		.filter((chunk) => chunk !== "")
		.map((chunk) => `${sizeOf(chunk.length)}\r\n${chunk}\r\n`);
	const trailers = Array.from({ length: below(3) }, () => `${pick(TRAILERS)}\r\n`);
	return `${chunks.join("")}${sizeOf(0)}\r\n${trailers.join("")}\r\n`;
}

function compose() {
	const old = below(6) === 0;
	const lines = Array.from({ length: below(5) }, () => pick(FIELDS));
	if (!old || below(2) === 0) lines.splice(below(lines.length + 1), 0, "Host: a");
	const framed = below(3);
	const chunked = framed === 1 && !old;
	const body = framed === 0 ? "" : chunked ? composeChunks() : bytesOf(20);
	const field = chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${body.length}`;
	if (framed !== 0) lines.splice(below(lines.length + 1), 0, field);
	const line = `${pick(METHODS)} ${pick(TARGETS)} HTTP/1.${old ? 0 : 1}`;
	return `${[line, ...lines].join("\r\n")}\r\n\r\n${body}`;
}

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

/** One to three requests with up to three mutations. known: requests to choose from. */
export function invent(known) {
	let text = "";
	for (let i = below(3); i >= 0; i--) text += below(4) === 0 ? pick(known) : compose();
	for (let i = below(4); i > 0 && text.length > 0; i--) text = pick(CHANGES)(text);
	return Buffer.from(text, "latin1");
}
