// RFC 6455 against http-peer, plain and over TLS: the cases of the Autobahn test suite (websocket-cases.mjs),
// and what the suite lacks: the handshake, masks, lengths in a longer form than needed. Every case is also
// sent byte by byte. And an independent client, the ws package, alone and with a thousand connections. Other
// cuts: tests/fuzz/fuzz_ws_frames.c; bounds, and peers that do not read: tests/unit/workerd/http/websockets.scenario.

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { WebSocket } from "ws";
import { Authority } from "./certs.mjs";
import { TIME_FACTOR } from "./daemon.mjs";
import {
	acceptFor,
	closePayload,
	EchoServer,
	frame,
	handshake,
	OP,
	openRawWebSocket,
	RawWebSocket,
} from "./frames.mjs";
import { memoryOf } from "./proc.mjs";
import { CASES } from "./websocket-cases.mjs";

const LANES = 16; // connections at once
const NORMALLY = frame(OP.close, closePayload(1000));
const BYTEWISE_MAX = 512; // longer cases are not sent byte by byte
const FULL = 64 * 1024; // bytes of a message, at most
const IDLE_MAX = 2 * 1024; // bytes that an idle socket may cost

const echo = new EchoServer(new Authority());
before(() => echo.start());
after(() => echo.stop());

/** Cuts bytes into pieces of n bytes. */
function cut(bytes, n) {
	const pieces = [];
	for (let at = 0; at < bytes.length; at += n) pieces.push(bytes.subarray(at, at + n));
	return pieces;
}

/** The pieces in which the suite sends a case. */
function piecesOf({ send, pieces, parts }) {
	if (parts || pieces === 0) return send;
	const bytes = Buffer.concat(send);
	return pieces === undefined ? [bytes] : cut(bytes, pieces);
}

/** Sends a case in these pieces and checks the response and the close. */
async function check(to, one, pieces) {
	const line = await openRawWebSocket(to);
	try {
		if (one.parts) await inParts(line, pieces);
		else await line.sendPieces(pieces);
		if (one.open) {
			await line.count(one.got.length);
			line.send(NORMALLY);
		}
		await line.end();
		assert.deepEqual(line.got, one.open ? [...one.got, ["close", 1000]] : one.got);
		assert.equal(line.error, undefined, "the end is no reset");
	} finally {
		line.close();
	}
}

/** Each piece after the previous one has been read without a response. */
async function inParts(line, pieces) {
	for (const [i, piece] of pieces.entries()) {
		if (i > 0) {
			// A ping cannot be inserted into a frame: there is no response to wait for.
			await new Promise((done) => setTimeout(done, 20));
			assert.deepEqual(line.got, [], "no response to a valid beginning");
		}
		line.send(piece);
	}
}

/** Runs the cases concurrently, each in the pieces that cutOf(case) returns; names the first that failed. */
async function checkAll(cases, to, cutOf = piecesOf) {
	const rest = [...cases];
	const lane = async () => {
		for (let entry = rest.pop(); entry; entry = rest.pop()) {
			const [number, one] = entry;
			await check(to, one, cutOf(one)).catch((error) => {
				error.message = `case ${number}: ${error.message}`;
				throw error;
			});
		}
	};
	await Promise.all(Array.from({ length: LANES }, lane));
}

describe("the Autobahn suite's cases", () => {
	const whole = [...CASES].filter(([, { parts }]) => !parts);
	const isShort = ([, { send }]) => Buffer.concat(send).length <= BYTEWISE_MAX;

	const counts = { 1: 16, 2: 11, 3: 7, 4: 10, 5: 20, 6: 24, 7: 37, 10: 1 };
	for (const [group, count] of Object.entries(counts))
		it(`group ${group}`, async () => {
			const cases = [...CASES].filter(([number]) => number.startsWith(`${group}.`));
			assert.equal(cases.length, count);
			await checkAll(cases, echo.plain);
		});

	it("over TLS", () => checkAll(CASES, echo.secure));

	it("byte by byte", () =>
		checkAll(whole.filter(isShort), echo.plain, ({ send }) => cut(Buffer.concat(send), 1)));
});

describe("beyond the suite", () => {
	const text = (payload, how) => frame(OP.text, payload, how);
	const more = (payload, how) => frame(OP.more, payload, how);
	const close = (code) => frame(OP.close, closePayload(code));
	const closed = (code, ...before) => [...before, ["close", code]];
	const unmasked = { masked: false };
	const open = { fin: false };
	const star = (n) => "*".repeat(n);

	for (const [name, send, got, path] of [
		["text without a mask", [text("x", unmasked)], closed(1002)],
		["a ping without a mask", [frame(OP.ping, "", unmasked)], closed(1002)],
		["a close without a mask", [frame(OP.close, closePayload(1000), unmasked)], closed(1002)],
		["a length of 1 in 16 bits", [text("x", { wide: 16 })], closed(1002)],
		["a length of 1 in 64 bits", [text("x", { wide: 64 })], closed(1002)],
		["a length of 125 in 16 bits", [text(star(125), { wide: 16 })], closed(1002)],
		["a length of 2⁶³", [text("x", { wide: 64, length: 2n ** 63n })], closed(1002)],
		["a length of 2⁶²", [text("x", { wide: 64, length: 2n ** 62n })], closed(1009)],
		["65,537 bytes, before they arrive", [text("x", { wide: 64, length: FULL + 1 })], closed(1009)],
		["65,537 bytes in two fragments", [text(star(FULL - 1), open), more("**")], closed(1009)],
		["binary at /text", [frame(OP.binary, "x")], closed(1003), "/text"],
		["a binary fragment at /text", [frame(OP.binary, "", open)], closed(1003), "/text"],
		[
			"binary after text at /text",
			[text("x"), frame(OP.binary, "x")],
			closed(1003, ["text", "x"]),
			"/text",
		],
		["half a character and another", [text(Buffer.from([0xc3]), open), more("x")], closed(1007)],
		["half a character and the end", [text(Buffer.from([0xc3]), open), more("")], closed(1007)],
		["the registered code 1012", [close(1012)], closed(1012)],
		["the registered code 1013", [close(1013)], closed(1013)],
		["the registered code 1014", [close(1014)], closed(1014)],
		["the reserved code 1015", [close(1015)], closed(1002)],
	])
		it(`${name}: ${got.at(-1)[1]}`, async () => {
			const bytes = Buffer.concat(send);
			const ways = bytes.length > FULL ? [send] : [send, cut(bytes, 1)];
			for (const pieces of ways) {
				const line = await openRawWebSocket(echo.plain, path);
				await line.sendPieces(pieces);
				await line.end();
				assert.deepEqual(line.got, got);
				line.close();
			}
		});
});

describe("the handshake", () => {
	const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
	const withKey = (key) => handshake("/", { "Sec-WebSocket-Key": key });

	async function ask(request) {
		const line = new RawWebSocket(echo.plain);
		line.send(request);
		const head = await line.answered();
		line.close();
		return { head, status: line.status };
	}

	it("returns the accept key (RFC 6455, section 1.3)", async () => {
		const { head } = await ask(withKey(KEY));
		assert.equal(acceptFor(KEY), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
		assert.match(head, /^HTTP\/1\.1 101 Switching Protocols\r\n/);
		assert.match(head, /^Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=$/m);
		assert.match(head, /^Upgrade: websocket\r$/m);
		assert.match(head, /^Connection: Upgrade\r$/m);
		assert.doesNotMatch(head, /Content-Length|Transfer-Encoding|Extensions|-Protocol:/i);
	});

	it("accepts tokens in any case and in lists", async () => {
		for (const fields of [
			{ Upgrade: "WebSocket", Connection: "keep-alive, Upgrade" },
			{ Upgrade: "h2c, websocket", Connection: "UPGRADE,x" },
			{ Connection: "keep-alive\r\nConnection: upgrade" },
			{ "Sec-WebSocket-Protocol": "chat", "Sec-WebSocket-Extensions": "permessage-deflate" },
			{ "Content-Length": "0" },
		])
			assert.equal((await ask(handshake("/", fields))).status, 101, JSON.stringify(fields));
	});

	it("returns 426 for other protocols and versions", async () => {
		const fields = [
			...[undefined, "websockets"].map((value) => ({ Upgrade: value })),
			...[undefined, "keep-alive"].map((value) => ({ Connection: value })),
			...[undefined, "8", "13, 8"].map((value) => ({ "Sec-WebSocket-Version": value })),
		];
		for (const request of [
			...fields.map((one) => handshake("/", one)),
			handshake().replace("HTTP/1.1", "HTTP/1.0"),
			handshake().replace("GET", "POST"),
			"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		]) {
			const { head, status } = await ask(request);
			assert.equal(status, 426, request);
			assert.match(head, /^Sec-WebSocket-Version: 13\r$/m);
			assert.match(head, /^Upgrade: websocket\r$/m);
			// Upgrade is hop-by-hop and must be listed in Connection (RFC 9110, section 7.8).
			assert.match(head, /^Connection: Upgrade\r?$/m);
		}
	});

	it("returns 400 for an invalid key, two keys, or a body", async () => {
		const keys = [undefined, "", `${KEY}=`, "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25j*Q=="];
		for (const request of [
			...[...keys, `${KEY}\r\nSec-WebSocket-Key: ${KEY}`].map(withKey),
			`${handshake("/", { "Content-Length": "2" })}hi`,
			`${handshake("/", { "Transfer-Encoding": "chunked" })}0\r\n\r\n`,
		])
			assert.equal((await ask(request)).status, 400, request);
	});
});

async function open({ port, ca }) {
	const url = `${ca ? "wss" : "ws"}://localhost:${port}/`;
	const socket = new WebSocket(url, { ca, perMessageDeflate: true, family: 4 });
	await once(socket, "open");
	return socket;
}

async function exchange(socket, message) {
	const answer = once(socket, "message");
	socket.send(message);
	const [data, isBinary] = await answer;
	return isBinary ? data : data.toString();
}

for (const way of ["plain", "secure"])
	it(`an independent client, ${way}, gets its messages of up to 64 KiB back, without compression`, async () => {
		const socket = await open(echo[way]);
		assert.equal(socket.extensions, "");
		assert.equal(socket.protocol, "");
		for (const message of ["hello", "", "größer 🌍", "é".repeat(FULL / 2), Buffer.from([0, 255])])
			assert.deepEqual(await exchange(socket, message), message);
		const end = once(socket, "close");
		socket.close(4321, "mine");
		assert.equal((await end)[0], 4321);
	});

it(`1,000 idle sockets cost less than ${IDLE_MAX} bytes each`, async (t) => {
	const idle = new EchoServer();
	await idle.start();
	const talk = async (n) => {
		const sockets = [];
		for (let i = 0; i < n; i++) sockets.push(await open(idle.plain));
		for (const socket of sockets) assert.equal(await exchange(socket, "hello"), "hello");
		return sockets;
	};
	// The fixed cost of the first one counts once.
	const first = await talk(1);
	const before = memoryOf(idle.child.pid);
	const sockets = await talk(1000);
	const each = (memoryOf(idle.child.pid) - before) / sockets.length;
	t.diagnostic(`${Math.round(each)} bytes each`);
	for (const socket of [...first, ...sockets]) socket.terminate();
	await idle.stop();
	if (TIME_FACTOR === 1) assert.ok(each < IDLE_MAX, `${each} bytes each`); // sanitizers pad
});
