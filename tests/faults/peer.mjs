// A peer of storaged: a worker or a tool as seen from its socket.
//
//	const peer = await Peer.connect(path);          // after both hellos
//	const answer = await peer.request("ping");      // { is: "pong", refusal: 0, owner: 0 }
//	peer.tell("live_publish", { turn, … });         // a message without a response
//	const message = await peer.hear();              // the next one that is not a response
//
// Requests are pipelined: those of one turn of the event loop are sent in one write. When the connection ends, all
// who wait get PeerGone; without a response for too long they get an error.

import { connect } from "node:net";
import { DEADLINE_MS, until } from "../e2e/daemon.mjs";
import { ROLES, TABLE, WIRE_VERSION } from "./table.mjs";
import { decodePayload, encode, takeFrame } from "./wire.mjs";

/** The connection ended before the response: it is unknown whether the request was executed. */
export class PeerGone extends Error {}

export function hello(role, changes = {}) {
	return encode("hello", {
		version: WIRE_VERSION,
		role: ROLES[role],
		pid: process.pid,
		program: "banter's tests",
		...changes,
	});
}

/** Resolves to a socket connected to a path, before any message. */
export function connectTo(path) {
	return new Promise((resolve, reject) => {
		const socket = connect({ path });
		socket.once("connect", () => resolve(socket));
		socket.on("error", reject); // later ones say nothing that "close" does not
	});
}

/** The same, once the listen backlog has room. */
export async function connectSoon(path) {
	let socket;
	await until("a place in the queue before storaged", async () => {
		socket = await connectTo(path).catch((error) => {
			if (error.code !== "EAGAIN") throw error;
		});
		return socket;
	});
	return socket;
}

/** Resolves when a socket has closed; discards its input. Rejects after a timeout. */
export function closing(socket, ms = DEADLINE_MS) {
	socket.resume();
	return new Promise((resolve, reject) => {
		const late = setTimeout(() => {
			reject(new Error(`the connection was not closed within ${ms} ms`));
			socket.destroy();
		}, ms);
		const done = () => {
			clearTimeout(late);
			resolve();
		};
		if (socket.closed) done();
		else socket.once("close", done);
	});
}

export class Peer {
	#bytes = Buffer.alloc(0);
	#queue = [];
	#waiting = new Map(); // request number → { resolve, reject, since }; the oldest comes first
	#last = 0;
	#unheard = []; // messages
	#listeners = []; // who wait for a message: { resolve, reject, since }

	/** Resolves to a peer of storaged's socket, in this role ("WORKER", "TOOL"), after storaged's hello. */
	static async connect(path, role = "WORKER") {
		const peer = new Peer(await connectTo(path));
		peer.socket.write(hello(role));
		await peer.greeted;
		return peer;
	}

	constructor(socket) {
		this.socket = socket;
		this.gone = false;
		this.greeted = this.#wait("hello");
		this.watch = setInterval(() => this.#look(), 1000).unref();
		this.closed = new Promise((done) => socket.once("close", done));
		socket.on("data", (piece) => this.#take(piece));
		socket.on("close", () => this.#end());
	}

	#wait(number) {
		const since = performance.now();
		return new Promise((resolve, reject) => this.#waiting.set(number, { resolve, reject, since }));
	}

	/** Resolves to the next message that is not a response; rejects with PeerGone. */
	hear() {
		if (this.#unheard.length > 0) return Promise.resolve(this.#unheard.shift());
		if (this.gone) return Promise.reject(new PeerGone("the connection has ended"));
		const since = performance.now();
		return new Promise((resolve, reject) => this.#listeners.push({ resolve, reject, since }));
	}

	#end(error = new PeerGone("the connection ended")) {
		this.gone = true;
		clearInterval(this.watch);
		const waiting = [...this.#waiting.values(), ...this.#listeners];
		this.#waiting.clear();
		this.#listeners = [];
		for (const { reject } of waiting) reject(error);
	}

	#look() {
		const oldest = [...this.#waiting.values(), ...this.#listeners]
			.map(({ since }) => since)
			.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
		if (performance.now() - oldest < DEADLINE_MS) return;
		this.#end(new Error(`storaged has not answered within ${DEADLINE_MS} ms`));
		this.socket.destroy();
	}

	#take(piece) {
		let bytes = this.#bytes.length > 0 ? Buffer.concat([this.#bytes, piece]) : piece;
		for (let frame = takeFrame(bytes); frame; frame = takeFrame(bytes)) {
			this.#answer(frame);
			bytes = bytes.subarray(frame.size);
		}
		this.#bytes = bytes;
	}

	#answer({ is, request, payload }) {
		const message = { is, ...decodePayload(TABLE[is], payload) };
		const key = is === "hello" ? is : request;
		const waiting = this.#waiting.get(key);
		if (!waiting && request !== 0)
			throw new Error(`storaged answered ${is} to request ${request}, which is none`);
		this.#waiting.delete(key);
		if (waiting) waiting.resolve(message);
		else if (this.#listeners.length > 0) this.#listeners.shift().resolve(message);
		else this.#unheard.push(message);
	}

	#flush() {
		const queue = this.#queue;
		this.#queue = [];
		if (!this.gone) this.socket.write(queue.length === 1 ? queue[0] : Buffer.concat(queue));
	}

	/** Resolves to the response of any kind; rejects with PeerGone. */
	request(name, message) {
		if (this.gone) return Promise.reject(new PeerGone("the connection has ended"));
		const number = ++this.#last;
		this.#send(encode(name, message, number));
		return this.#wait(number);
	}

	/** Sends a message without a response. */
	tell(name, message) {
		this.#send(encode(name, message, 0));
	}

	#send(frame) {
		if (this.#queue.length === 0) setImmediate(() => this.#flush());
		this.#queue.push(frame);
	}

	/** As request(), with a check of the response's kind. */
	async ask(name, message, kind) {
		const answer = await this.request(name, message);
		if (answer.is !== kind) throw new Error(`${name}: ${answer.is} ${answer.detail ?? ""}`);
		return answer;
	}

	close() {
		this.socket.destroy();
		return this.closed;
	}
}
