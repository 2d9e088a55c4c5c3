// RFC 6455 as the Autobahn test suite asks for it (websocket-cases.mjs), and where it does not ask:
// the handshake, masks, lengths in a longer form than needed, bounds. Against http-peer, plain and over
// TLS, and every case in other pieces than it is written in: how the network cuts the bytes must not
// matter.
//
//	BANTER_SEED=12345 node --test tests/e2e/websocket-frames.test.mjs    repeats the cuts

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Authority } from "./certs.mjs";
import { until } from "./daemon.mjs";
import {
	acceptFor,
	closePayload,
	EchoServer,
	fragments,
	frame,
	handshake,
	OP,
	openRawWebSocket,
	RawWebSocket,
} from "./frames.mjs";
import { randomOf } from "./mutate.mjs";
import { CASES } from "./websocket-cases.mjs";

const SEED = Number(process.env.BANTER_SEED ?? Math.floor(Math.random() * 2 ** 31));
const LANES = 16; // connections at once
const NORMALLY = frame(OP.close, closePayload(1000));
const BYTEWISE_MAX = 512; // a longer case is cut in random pieces only

const echo = new EchoServer(new Authority());
before(() => echo.start());
after(() => echo.stop());

/** Cuts bytes into pieces of the lengths that lengths() returns. */
function cut(bytes, lengths) {
	const pieces = [];
	for (let at = 0; at < bytes.length; ) {
		const length = lengths();
		pieces.push(bytes.subarray(at, at + length));
		at += length;
	}
	return pieces;
}

/** The pieces in which a case is sent. */
function piecesOf({ send, pieces }) {
	if (pieces === undefined) return [Buffer.concat(send)];
	return pieces === 0 ? send : cut(Buffer.concat(send), () => pieces);
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
			assert.deepEqual(line.got, [], "what is good so far is waited for");
		}
		line.send(piece);
	}
}

/** Runs jobs concurrently; names the first that failed. */
async function inLanes(entries, job) {
	const rest = [...entries];
	const lane = async () => {
		for (let entry = rest.pop(); entry; entry = rest.pop()) {
			try {
				await job(...entry);
			} catch (error) {
				error.message = `case ${entry[0]}: ${error.message}`;
				throw error;
			}
		}
	};
	await Promise.all(Array.from({ length: LANES }, lane));
}

describe("the Autobahn suite's cases", () => {
	for (const group of ["1", "2", "3", "4", "5", "6", "7", "10"])
		it(`group ${group}`, async () => {
			const cases = [...CASES].filter(([number]) => number.startsWith(`${group}.`));
			assert.ok(cases.length > 0);
			await inLanes(cases, (_, one) =>
				check(echo.plain, one, one.parts ? one.send : piecesOf(one)),
			);
		});

	it("are complete", () => {
		const counts = {};
		for (const number of CASES.keys()) {
			const group = number.split(".")[0];
			counts[group] = (counts[group] ?? 0) + 1;
		}
		assert.deepEqual(counts, { 1: 16, 2: 11, 3: 7, 4: 10, 5: 20, 6: 145, 7: 37, 10: 1 });
	});

	it("over TLS", async () => {
		await inLanes(CASES, (_, one) => check(echo.secure, one, one.parts ? one.send : piecesOf(one)));
	});

	it("byte by byte", async () => {
		const short = [...CASES].filter(
			([, { send, parts }]) => !parts && Buffer.concat(send).length <= BYTEWISE_MAX,
		);
		await inLanes(short, (_, one) =>
			check(
				echo.plain,
				one,
				cut(Buffer.concat(one.send), () => 1),
			),
		);
	});

	it(`in random pieces (seed ${SEED})`, async () => {
		const random = randomOf(SEED);
		await inLanes(
			[...CASES].filter(([, { parts }]) => !parts),
			(_, one) => {
				const bytes = Buffer.concat(one.send);
				const most = Math.max(2, Math.ceil(bytes.length / 20));
				return check(
					echo.plain,
					one,
					cut(bytes, () => 1 + random(most)),
				);
			},
		);
	});
});

describe("beyond the suite", () => {
	/** Checks the result of these frames, in one piece and byte by byte. */
	const leads = async (send, got, path = "/") => {
		for (const pieces of [send, cut(Buffer.concat(send), () => 1)]) {
			const line = await openRawWebSocket(echo.plain, path);
			await line.sendPieces(pieces);
			await line.end();
			assert.deepEqual(line.got, got);
			line.close();
		}
	};
	const CLOSED = (code) => [["close", code]];

	it("a frame without a mask: 1002", async () => {
		await leads([frame(OP.text, "x", { masked: false })], CLOSED(1002));
		await leads([frame(OP.ping, "", { masked: false })], CLOSED(1002));
		await leads([frame(OP.close, closePayload(1000), { masked: false })], CLOSED(1002));
	});

	it("a length that is not in its shortest form: 1002", async () => {
		await leads([frame(OP.text, "x", { wide: 16 })], CLOSED(1002));
		await leads([frame(OP.text, "x", { wide: 64 })], CLOSED(1002));
		await leads([frame(OP.text, "*".repeat(125), { wide: 16 })], CLOSED(1002));
	});

	it("a length of 2⁶³ or more: 1002", () =>
		leads([frame(OP.text, "x", { wide: 64, length: 2n ** 63n })], CLOSED(1002)));

	it("a message of 65,537 bytes: 1009, before it has arrived", async () => {
		const announced = { wide: 64, length: 65537 };
		await leads([frame(OP.text, "x", announced)], CLOSED(1009));
		await leads([frame(OP.text, "x", { wide: 64, length: 2n ** 62n })], CLOSED(1009));
		const parts = [frame(OP.text, "*".repeat(65535), { fin: false }), frame(OP.more, "**")];
		const line = await openRawWebSocket(echo.plain);
		await line.sendPieces(parts);
		await line.end();
		assert.deepEqual(line.got, CLOSED(1009));
		line.close();
	});

	it("a binary message where only text is accepted: 1003", async () => {
		await leads([frame(OP.binary, "x")], CLOSED(1003), "/text");
		await leads([frame(OP.binary, "", { fin: false })], CLOSED(1003), "/text");
		await leads(
			[frame(OP.text, "x"), frame(OP.binary, "x")],
			[["text", "x"], ...CLOSED(1003)],
			"/text",
		);
	});

	it("half a character, then something else: 1007", async () => {
		await leads([...fragments("é", 1).slice(0, 1), frame(OP.more, "x")], CLOSED(1007));
		await leads(
			[frame(OP.text, Buffer.from([0xc3]), { fin: false }), frame(OP.more)],
			CLOSED(1007),
		);
	});

	it("newer registered close codes are accepted", async () => {
		for (const code of [1012, 1013, 1014])
			await leads([frame(OP.close, closePayload(code))], CLOSED(code));
		await leads([frame(OP.close, closePayload(1015))], CLOSED(1002));
	});

	it("5,000 empty fragments: 1008", async () => {
		const line = await openRawWebSocket(echo.plain);
		line.send(frame(OP.text, "", { fin: false }));
		line.send(
			Buffer.concat(Array.from({ length: 5000 }, () => frame(OP.more, "", { fin: false }))),
		);
		await line.end();
		assert.deepEqual(line.got, CLOSED(1008));
		line.close();
	});

	it("5,000 pings: 1008, with at most one pong each", async () => {
		const line = await openRawWebSocket(echo.plain);
		line.send(Buffer.concat(Array.from({ length: 5000 }, () => frame(OP.ping))));
		await line.end();
		assert.equal(line.got.length, 4097);
		assert.deepEqual(line.got.at(-1), ["close", 1008]);
		line.close();
	});

	it("a peer that half-closes without a close frame is released", async () => {
		const line = await openRawWebSocket(echo.plain);
		line.send(frame(OP.text, "last"));
		line.socket.end();
		await line.end();
		assert.deepEqual(line.got, [["text", "last"]]);
		line.close();
	});
});

describe("the handshake", () => {
	const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

	/** The response to a request and its status. */
	async function ask(request) {
		const line = new RawWebSocket(echo.plain);
		line.send(request);
		const head = await line.answered();
		line.close();
		return { head, status: line.status };
	}

	it("returns the accept key (RFC 6455, section 1.3)", async () => {
		const { head } = await ask(handshake("/", { "Sec-WebSocket-Key": KEY }));
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
		for (const request of [
			handshake("/", { Upgrade: undefined }),
			handshake("/", { Upgrade: "websockets" }),
			handshake("/", { Connection: undefined }),
			handshake("/", { Connection: "keep-alive" }),
			handshake("/", { "Sec-WebSocket-Version": "8" }),
			handshake("/", { "Sec-WebSocket-Version": "13, 8" }),
			handshake("/", { "Sec-WebSocket-Version": undefined }),
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
		for (const request of [
			handshake("/", { "Sec-WebSocket-Key": undefined }),
			handshake("/", { "Sec-WebSocket-Key": "" }),
			handshake("/", { "Sec-WebSocket-Key": `${KEY}=` }),
			handshake("/", { "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ" }),
			handshake("/", { "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25j*Q==" }),
			handshake("/", { "Sec-WebSocket-Key": `${KEY}\r\nSec-WebSocket-Key: ${KEY}` }),
			`${handshake("/", { "Content-Length": "2" })}hi`,
		])
			assert.equal((await ask(request)).status, 400, request);
	});

	it("is followed by frames in any packets", async () => {
		const bytes = Buffer.concat([
			Buffer.from(handshake()),
			frame(OP.text, "early"),
			frame(OP.ping, "p"),
			NORMALLY,
		]);
		for (const pieces of [[bytes], cut(bytes, () => 1), cut(bytes, () => 150)]) {
			const line = new RawWebSocket(echo.plain);
			await line.sendPieces(pieces);
			await line.end();
			assert.deepEqual(line.got, [
				["text", "early"],
				["pong", "70"],
				["close", 1000],
			]);
			line.close();
		}
	});

	it("leaves no resources behind", () =>
		until("all have ended", async () => (await echo.sockets()) === 0));
});
