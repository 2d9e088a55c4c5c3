// Generates HTTP requests from a seed: valid ones, composed of parts, and mutations of valid and invalid ones.

/** Mulberry32: a generator of random numbers below n, reproducible by its seed. */
export function randomOf(seed) {
	let state = seed >>> 0;
	return (n) => {
		state = (state + 0x6d2b79f5) >>> 0;
		let t = Math.imul(state ^ (state >>> 15), state | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) % n;
	};
}

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

const pick = (random, list) => list[random(list.length)];

const bytesOf = (random, n) =>
	Array.from({ length: random(n) }, () => String.fromCharCode(random(256))).join("");

/** Composes a valid chunked body. */
function composeChunks(random) {
	const sizeOf = (n) => {
		const digits = "0".repeat(random(3)) + n.toString(16);
		return (random(2) === 0 ? digits : digits.toUpperCase()) + pick(random, EXTENSIONS);
	};
	const chunks = Array.from({ length: random(4) }, () => bytesOf(random, 20))
		.filter((chunk) => chunk !== "")
		.map((chunk) => `${sizeOf(chunk.length)}\r\n${chunk}\r\n`);
	const trailers = Array.from({ length: random(3) }, () => `${pick(random, TRAILERS)}\r\n`);
	return `${chunks.join("")}${sizeOf(0)}\r\n${trailers.join("")}\r\n`;
}

/** Composes a valid request. */
function compose(random) {
	const old = random(6) === 0;
	const lines = Array.from({ length: random(5) }, () => pick(random, FIELDS));
	if (!old || random(2) === 0) lines.splice(random(lines.length + 1), 0, "Host: a");
	const framed = random(3);
	const chunked = framed === 1 && !old;
	const body = framed === 0 ? "" : chunked ? composeChunks(random) : bytesOf(random, 20);
	const field = chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${body.length}`;
	if (framed !== 0) lines.splice(random(lines.length + 1), 0, field);
	const line = `${pick(random, METHODS)} ${pick(random, TARGETS)} HTTP/1.${old ? 0 : 1}`;
	return `${[line, ...lines].join("\r\n")}\r\n\r\n${body}`;
}

/** The text with n characters at a place replaced. */
const splice = (text, at, n, by) => text.slice(0, at) + by + text.slice(at + n);

const otherCase = (one) => (one === one.toLowerCase() ? one.toUpperCase() : one.toLowerCase());

/** The text with its lines changed by change(lines, a, b): a and b are random places. */
function changeLines(random, text, change) {
	const lines = text.split("\r\n");
	change(lines, random(lines.length), random(lines.length));
	return lines.join("\r\n");
}

/** Mutations: each takes a text and returns another. */
const CHANGES = [
	// replace, delete or repeat a byte
	(random, text) => splice(text, random(text.length), 1, String.fromCharCode(random(256))),
	(random, text) => splice(text, random(text.length), 1, ""),
	(random, text) => {
		const at = random(text.length);
		return splice(text, at, 0, text[at]);
	},
	// change the case of a letter
	(random, text) => {
		const at = random(text.length);
		const other = otherCase(text[at]);
		return other.length === 1 ? splice(text, at, 1, other) : text;
	},
	// insert bait anywhere, or at the beginning of a line
	(random, text) => splice(text, random(text.length + 1), 0, pick(random, BAIT)),
	(random, text) => {
		const ends = [...text.matchAll(/\r\n/g)].map((match) => match.index + 2);
		return splice(text, ends.length === 0 ? 0 : pick(random, ends), 0, pick(random, BAIT));
	},
	// repeat a line, or swap two lines
	(random, text) => changeLines(random, text, (lines, at) => lines.splice(at, 0, lines[at])),
	(random, text) =>
		changeLines(random, text, (lines, a, b) => {
			[lines[a], lines[b]] = [lines[b], lines[a]];
		}),
	// change the Content-Length
	(random, text) => text.replace(/(Content-Length: *)(\d+)/i, (_, name) => name + random(12)),
];

/** One to three requests with up to three mutations. known: requests to choose from. */
export function invent(random, known) {
	let text = "";
	for (let i = random(3); i >= 0; i--)
		text += random(4) === 0 ? pick(random, known) : compose(random);
	for (let i = random(4); i > 0 && text.length > 0; i--) text = pick(random, CHANGES)(random, text);
	return Buffer.from(text, "latin1");
}
