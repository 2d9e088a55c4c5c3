// A proxy in front of a server that treats the ways to a chat as the bad ones do, or falls silent.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { numbered, until } from "../e2e/harness.mjs";
import { exchange, HELLO } from "./site.mjs";

const REFUSAL = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const ERROR_PAGE =
	"HTTP/1.1 502 Bad Gateway\r\naccess-control-allow-origin: *\r\ncontent-type: text/html\r\n" +
	"content-length: 4\r\nconnection: close\r\n\r\nGone";
const HEAD_END = "\r\n\r\n";

/** The ways that a chat asks for, by the beginning of a request. */
const WAYS = [
	["ws", /\r\nupgrade: *websocket/i],
	["ndjson", /^GET \S+\/events\b.*\r\naccept: application\/x-ndjson/is],
	["sse", /^GET \S+\/events\b.*\r\naccept: text\/event-stream/is],
	["poll", /^GET \S+\/frames\b/],
];

/** line.ts: how long the page waits for a WebSocket and for a stream, and before the next way after an error. */
export const WS_MS = 1500;
export const STREAM_MS = 1000;
export const ERROR_MS = 20;

/** A visitor whose page has a clock of its own, and notes how long its timers wait. url: of the server or a way to it. */
export async function visitWithClock(site, widgetId, url) {
	const context = await site.newContext();
	await context.clock.install();
	await context.addInitScript(() => {
		window.waits = [];
		const { setTimeout } = window;
		window.setTimeout = (task, ms, ...args) => {
			window.waits.push({ ms, at: Date.now() });
			return setTimeout(task, ms, ...args);
		};
	});
	return site.visitWidget(widgetId, context, { server: url });
}

/** Stops the page's clock, a moment later. */
export const stopClock = async ({ page }) =>
	page.clock.pauseAt((await page.evaluate(() => Date.now())) + 1000);

/** Lets a timer of this length end that the page has started, the n-th. */
async function pass({ page }, ms, n) {
	const started = () =>
		page.evaluate((ms) => window.waits.filter((one) => one.ms === ms).length, ms);
	await until(`the page waits ${ms} ms`, async () => (await started()) >= n);
	await page.clock.runFor(ms);
}

/**
 * Opens the chat, and waits until it has found its way. The page's clock stands while answers are on their way: one that is
 * late on a busy machine is not given up. ways: what it asks for after a WebSocket, each with the time that it waits before.
 */
export async function findWay(way, visitor, ways) {
	await stopClock(visitor);
	await visitor.open();
	await until("it asks for a WebSocket", () => way.asked.length > 0);
	for (const [i, [what, ms]] of ways.entries()) {
		const n = ways.slice(0, i + 1).filter((one) => one[1] === ms).length;
		await pass(visitor, ms, n);
		await until(`it asks for ${what}`, () => way.asked.at(-1) === what);
	}
	const isFound = () => Object.keys(sessionStorage).some((key) => key.startsWith("banter.carrier"));
	await until("the way is found", () => visitor.page.evaluate(isFound));
	await visitor.page.clock.resume();
}

/**
 * Has a conversation whose reply is held in its middle, over a way that leaves only some ways to the chat. ways: those that it
 * asks for, the last of which carries it, also after a reload.
 */
export async function assertConversation(way, visitor, banter, key, ways) {
	const question = `[[tokens=20 hold-after=10]] ${key}`;
	// A reply comes while it is written.
	await visitor.say(question);
	await visitor.logUntil("it has begun", (text) => text.includes(numbered(10)));
	assert.deepEqual([...new Set(way.asked)], ways);
	await banter.release(key);
	const said = exchange(question, numbered(20));
	await visitor.saidUntil(said);
	way.asked.length = 0;
	await visitor.page.reload();
	await visitor.saidUntil(said);
	await visitor.ask(...HELLO, said);
	assert.deepEqual([...new Set(way.asked)], ways.slice(-1));
	assert.equal(await banter.modelCalls(question), 1);
}

export class Way {
	/**
	 * open: forwards everything. refuse: answers WebSockets with 403. ignore: never answers them. cut: ends them
	 * after the handshake. silent: forwards nothing, on open connections neither.
	 */
	mode = "open";
	/** The ways ("ndjson", "sse") that it answers with an error page. */
	failing = [];
	/** The ways of which it keeps the answers back, as one that buffers. */
	buffering = [];
	/** What was asked for: "ws", "ndjson", "sse" or "poll". */
	asked = [];
	/** When a text first came from the server, in ms (performance.now()); see spot(). */
	#spotted = new Map();
	#all = new Set();

	/** Resolves to a way to a port of 127.0.0.1. */
	static async open(behind) {
		const way = new Way();
		way.server = createServer({ noDelay: true }, (near) => way.#carry(near, behind));
		await once(way.server.listen(0, "127.0.0.1"), "listening");
		way.port = way.server.address().port;
		way.url = `http://127.0.0.1:${way.port}`;
		return way;
	}

	/** Notes from now on when this text comes. */
	spot(text) {
		this.#spotted.set(text, null);
	}

	/** When it came; null: not yet. */
	spotted(text) {
		return this.#spotted.get(text);
	}

	#note(piece) {
		for (const [text, at] of this.#spotted)
			if (at === null && piece.includes(text)) this.#spotted.set(text, performance.now());
	}

	/** The answer to a request in place of the server's; null: the server's. */
	#answerTo(kind) {
		if (kind === "ws" && this.mode === "refuse") return REFUSAL;
		return this.failing.includes(kind) ? ERROR_PAGE : null;
	}

	#carry(near, behind) {
		const far = connect({ port: behind, host: "127.0.0.1", noDelay: true });
		let kind;
		for (const one of [near, far]) {
			this.#all.add(one);
			one.on("error", () => {});
		}
		near.on("data", (piece) => {
			const text = kind === "ws" ? "" : piece.toString("latin1");
			const asks = WAYS.find(([, pattern]) => pattern.test(text))?.[0];
			if (asks) this.asked.push(asks);
			kind = asks ?? kind;
			const own = asks && this.#answerTo(asks);
			if (own) near.end(own);
			if (own || this.mode === "silent" || (kind === "ws" && this.mode === "ignore")) return;
			far.write(piece);
		});
		far.on("data", (piece) => {
			if (this.mode === "silent" || this.buffering.includes(kind)) return;
			this.#note(piece);
			const isCut = kind === "ws" && this.mode === "cut";
			near.write(isCut ? piece.subarray(0, piece.indexOf(HEAD_END) + HEAD_END.length) : piece);
			if (isCut) near.destroySoon();
		});
		const end = (one, other) =>
			one.on("close", () => {
				this.#all.delete(one);
				if (this.mode !== "silent") other.destroySoon();
			});
		end(near, far);
		end(far, near);
	}

	close() {
		for (const socket of this.#all) socket.destroy();
		this.server.close();
	}
}
