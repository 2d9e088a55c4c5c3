// A raw WebSocket client: it sends valid and invalid frames in pieces of any size, and parses what it receives
// strictly, so that a frame of the server that violates RFC 6455 fails the test. And EchoServer
// (tests/http/http_peer.c): workerd/http with a handler that echoes messages.

import assert from "node:assert/strict";
import { isUtf8 } from "node:buffer";
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { connect as connectTls } from "node:tls";
import { BUILD, baseEnvironment, until } from "./daemon.mjs";

export const OP = { more: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** The header of a client's frame without the masking key; `length` may differ from the payload's. */
function header(opcode, length, { fin = true, rsv = 0, masked = true, wide = 0 } = {}) {
	const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
	const mask = masked ? 0x80 : 0;
	const form = wide || (length < 126 ? 7 : length < 65536 ? 16 : 64);
	if (form === 7) return Buffer.from([first, mask | length]);
	if (form === 16) return Buffer.from([first, mask | 126, length >> 8, length & 255]);
	const head = Buffer.alloc(10);
	head[0] = first;
	head[1] = mask | 127;
	head.writeBigUInt64BE(BigInt(length), 2);
	return head;
}

/**
 * Encodes a client's frame.
 * @param {{fin?: boolean, rsv?: number, masked?: boolean, wide?: 16 | 64, length?: number | bigint}} how
 *     wide: encode the length in this many bits, even if fewer are enough; length: a false length
 */
export function frame(opcode, payload = "", how = {}) {
	const bytes = Buffer.from(payload);
	const head = header(opcode, how.length ?? bytes.length, how);
	if (how.masked === false) return Buffer.concat([head, bytes]);
	const key = randomBytes(4);
	return Buffer.concat([head, key, bytes.map((byte, i) => byte ^ key[i % 4])]);
}

export function closePayload(code, reason = "") {
	const bytes = Buffer.from(reason);
	return Buffer.concat([Buffer.from([code >> 8, code & 255]), bytes]);
}

/** A message in fragments of `size` bytes. */
export function fragments(payload, size, opcode = OP.text) {
	const bytes = Buffer.from(payload);
	const frames = [];
	for (let at = 0; at === 0 || at < bytes.length; at += size) {
		const fin = at + size >= bytes.length;
		frames.push(frame(at === 0 ? opcode : OP.more, bytes.subarray(at, at + size), { fin }));
	}
	return frames;
}

export function handshake(path = "/", fields = {}) {
	const all = {
		Host: "localhost",
		Upgrade: "websocket",
		Connection: "Upgrade",
		"Sec-WebSocket-Version": "13",
		"Sec-WebSocket-Key": "AAECAwQFBgcICQoLDA0ODw==",
		...fields,
	};
	const lines = Object.entries(all).filter(([, value]) => value !== undefined);
	return `GET ${path} HTTP/1.1\r\n${lines.map(([k, v]) => `${k}: ${v}\r\n`).join("")}\r\n`;
}

/** The Sec-WebSocket-Accept for a key (RFC 6455, section 4.2.2). */
export function acceptFor(key) {
	const hash = createHash("sha1").update(key + GUID);
	return hash.digest("base64");
}

/** Parses the first frame of a server; undefined if it is incomplete. */
function takeFrame(bytes) {
	if (bytes.length < 2) return undefined;
	const opcode = bytes[0] & 15;
	let length = bytes[1];
	let at = 2;
	assert.equal(bytes[0] & 0xf0, 0x80, "a server's frame is whole and has no reserved bits");
	assert.ok(length < 128, "a server's frame is not masked");
	assert.ok([1, 2, 8, 9, 10].includes(opcode), `opcode ${opcode}`);
	if (length === 126) {
		if (bytes.length < 4) return undefined;
		length = bytes.readUInt16BE(2);
		assert.ok(length >= 126, "a length has its shortest encoding");
		at = 4;
	} else if (length === 127) {
		if (bytes.length < 10) return undefined;
		length = Number(bytes.readBigUInt64BE(2));
		assert.ok(length >= 65536, "a length has its shortest encoding");
		at = 10;
	}
	assert.ok(opcode < 8 || length <= 125, "a control frame is short");
	if (bytes.length < at + length) return undefined;
	return { opcode, payload: bytes.subarray(at, at + length), size: at + length };
}

/** Decodes a frame: ["text", "…"], ["binary", hex], ["ping" | "pong", hex], ["close", code]. */
function decodeFrame({ opcode, payload }) {
	if (opcode === OP.text) {
		assert.ok(isUtf8(payload), "a text message is valid UTF-8");
		return ["text", payload.toString()];
	}
	if (opcode !== OP.close) {
		const name = { 2: "binary", 9: "ping", 10: "pong" }[opcode];
		return [name, payload.toString("hex")];
	}
	if (payload.length === 0) return ["close"];
	assert.ok(payload.length >= 2 && isUtf8(payload.subarray(2)), "a close frame is well-formed");
	return ["close", payload.readUInt16BE(0)];
}

/** A connection to a WebSocket server. */
export class RawWebSocket {
	/** The frames received after the handshake, decoded by decodeFrame(). */
	got = [];
	ended = false;
	#rest = Buffer.alloc(0);

	/**
	 * @param {{port: number, ca?: string} | {upgraded: import("node:stream").Duplex}} to ca: use TLS and
	 *     trust this authority; upgraded: a stream after the handshake
	 */
	constructor({ port, ca, upgraded }) {
		const where = { port, host: "127.0.0.1", allowHalfOpen: true };
		const tls = { ...where, ca, servername: "localhost" };
		this.socket = upgraded ?? (ca ? connectTls(tls) : connect(where));
		if (upgraded) Object.assign(this, { head: "", status: 101 });
		else this.socket.setNoDelay();
		this.socket.on("data", (bytes) => this.#take(bytes));
		this.socket.on("error", (error) => {
			this.error = error;
		});
		for (const event of ["end", "close"])
			this.socket.on(event, () => {
				this.ended = true;
			});
	}

	#take(bytes) {
		this.#rest = Buffer.concat([this.#rest, bytes]);
		try {
			if (this.head === undefined) this.#takeHead();
			if (this.status === 101) this.#takeFrames();
		} catch (error) {
			this.broken ??= error;
		}
	}

	#takeHead() {
		const end = this.#rest.indexOf("\r\n\r\n");
		if (end === -1) return;
		this.head = this.#rest.subarray(0, end).toString("latin1");
		this.status = Number(this.head.slice(9, 12));
		this.#rest = this.#rest.subarray(end + 4);
	}

	#takeFrames() {
		for (;;) {
			const one = takeFrame(this.#rest);
			if (one === undefined) return;
			assert.ok(this.got.at(-1)?.[0] !== "close", "no frame follows a close");
			this.got.push(decodeFrame(one));
			this.#rest = this.#rest.subarray(one.size);
		}
	}

	/** Waits for the condition, which the end also satisfies; rejects if the server violates the protocol. */
	async #until(what, condition) {
		const got = () => `${what}; got ${JSON.stringify(this.got).slice(0, 500)}`;
		await until(got, () => this.broken || this.ended || condition());
		if (this.broken) throw this.broken;
	}

	/** Resolves to the head of the response to the handshake. */
	async answered() {
		await this.#until("an answer", () => this.head !== undefined);
		return this.head;
	}

	count(n) {
		return this.#until(`${n} frames`, () => this.got.length >= n);
	}

	end() {
		return this.#until("the end", () => false);
	}

	send(bytes) {
		if (!this.socket.destroyed) this.socket.write(bytes);
	}

	/** Sends the pieces one by one, each in its own packet if possible. */
	async sendPieces(pieces) {
		for (const piece of pieces) {
			this.send(piece);
			await new Promise((done) => setImmediate(done));
		}
	}

	close() {
		this.socket.destroy();
	}
}

/** Connects and completes the handshake. */
export async function openRawWebSocket(to, path = "/", fields = {}) {
	const line = new RawWebSocket(to);
	line.send(handshake(path, fields));
	assert.match(await line.answered(), /^HTTP\/1\.1 101 /);
	return line;
}

/** A running http-peer (tests/http/http_peer.c) in this mode. */
export class HttpPeer {
	async start(...args) {
		this.child = spawn(join(BUILD, "http-peer"), args, {
			env: baseEnvironment(),
			stdio: ["pipe", "pipe", "inherit"],
		});
		await once(this.child, "spawn"); // rejects if it was not built
		this.lines = createInterface(this.child.stdout)[Symbol.asyncIterator]();
	}

	async nextPort() {
		return Number(/^listening on (\d+)/.exec((await this.lines.next()).value)[1]);
	}

	async stop() {
		if (this.child.exitCode === null && this.child.signalCode === null) {
			const closed = once(this.child, "close");
			this.child.stdin.end();
			await closed;
		}
		assert.equal(this.child.exitCode, 0, "http-peer exits with status 0");
	}
}

/** A server that echoes messages. */
export class EchoServer extends HttpPeer {
	/**
	 * @param {import("./certs.mjs").Authority} [authority] issues its certificate: it serves TLS too
	 * @param {number} [pingMs] the time after which it pings an idle socket
	 */
	constructor(authority, pingMs) {
		super();
		Object.assign(this, { authority, pingMs });
	}

	async start() {
		const { cert, key } = this.authority?.issue("echo") ?? {};
		const ping = this.pingMs ? ["-p", this.pingMs] : [];
		await super.start("echo", ...ping, ...(cert ? [cert, key] : []));
		this.plain = { port: await this.nextPort() };
		if (cert) this.secure = { port: await this.nextPort(), ca: this.authority.pem };
	}
}
