import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { DEAD, OVER } from "../src/app/net/carrier";
import { type FeedKind, openFeed } from "../src/app/net/feed";
import { type Clock, stopClock } from "./clock";
import { settle } from "./sockets";

let clock: Clock;
const { fetch } = globalThis;
beforeEach(() => {
	clock = stopClock();
});
afterEach(() => {
	clock.restore();
	globalThis.fetch = fetch;
});

/** A request of the feed, which the test answers. */
interface Asked {
	readonly url: string;
	readonly accept: string | null;
	/** The frame that it sends. */
	readonly body: unknown;
	readonly signal: AbortSignal | null | undefined;
	/** A complete response. */
	answer(body: unknown, init?: ResponseInit): Promise<void>;
	/** A piece of a response whose end is open. */
	write(text: string): Promise<void>;
	/** The end of that response. */
	finish(): Promise<void>;
	/** There is no response. */
	fail(): Promise<void>;
}

/** Whether requests are answered depends on the test; an aborted one fails. */
function fakeServer(): Asked[] {
	const all: Asked[] = [];
	globalThis.fetch = (url, init) =>
		new Promise((resolve, reject) => {
			let stream: ReadableStreamDefaultController<Uint8Array> | null = null;
			const { signal, body, headers } = init ?? {};
			signal?.addEventListener("abort", () => {
				reject(new DOMException("aborted", "AbortError"));
				stream?.error(new DOMException("aborted", "AbortError"));
			});
			all.push({
				url: String(url),
				accept: new Headers(headers).get("accept"),
				body: typeof body === "string" ? JSON.parse(body) : null,
				signal,
				answer(text, more) {
					resolve(new Response(typeof text === "string" ? text : JSON.stringify(text), more));
					return settle();
				},
				write(text) {
					if (!stream)
						resolve(
							new Response(
								new ReadableStream<Uint8Array>({
									start: (own) => {
										stream = own;
									},
								}),
							),
						);
					stream?.enqueue(new TextEncoder().encode(text));
					return settle();
				},
				finish() {
					stream?.close();
					return settle();
				},
				fail() {
					reject(new TypeError("Failed to fetch"));
					return settle();
				},
			});
		});
	return all;
}

/** A feed, what it asked for, and what it said: frames, and the code of its end. */
function open(kind: FeedKind) {
	const asked = fakeServer();
	const said: unknown[] = [];
	const feed = openFeed(
		kind,
		(leaf, after) => `/${leaf}${after === undefined ? "" : `?after=${after}`}`,
		{ frame: (frame) => said.push(frame), end: (code) => said.push(code) },
	);
	const gets = () => asked.filter(({ body }) => body === null);
	const posts = () => asked.filter(({ body }) => body !== null);
	/** The newest request for frames. */
	const last = (): Asked => {
		const newest = gets().pop();
		assert.ok(newest);
		return newest;
	};
	return { feed, said, gets, posts, last };
}

const LINE = '{"type":"token","token":"a"}';
const FRAME = JSON.parse(LINE);

const STREAMS: readonly [FeedKind, string, string, string][] = [
	["x-ndjson", "application/x-ndjson", `${LINE}\n`, '{"type":"token","token":"b","next":7}\n'],
	["event-stream", "text/event-stream", `: hello\n\ndata: ${LINE}\n\n`, `id: 7\ndata: ${LINE}\n\n`],
];
for (const [kind, accept, first, second] of STREAMS) {
	test(`${kind}: each frame comes when its line is complete`, async () => {
		const { said, last } = open(kind);
		assert.deepEqual([last().url, last().accept], ["/events", accept]);
		await last().write(first.slice(0, -4));
		assert.deepEqual(said, []);
		await last().write(first.slice(-4));
		assert.deepEqual(said, [FRAME]);
	});

	test(`${kind}: a stream that ends after a while is continued behind its last frame`, async () => {
		const { said, gets, last } = open(kind);
		await last().write(first + second);
		clock.tick(1000);
		await last().finish();
		assert.deepEqual(
			gets().map(({ url }) => url),
			["/events", "/events?after=7"],
		);
		assert.equal(said.length, 2);
		await last().write(first);
		assert.equal(said.length, 3);
	});

	test(`${kind}: a stream that ends at once is an end, so that requests do not flood`, async () => {
		const { said, gets, last } = open(kind);
		await last().write(first);
		clock.tick(999);
		await last().finish();
		assert.deepEqual(said, [FRAME, 0]);
		assert.equal(gets().length, 1);
	});
}

test("a frame of which only the place has come is asked for again", async () => {
	const { last } = open("event-stream");
	await last().write(`id: 7\ndata: ${LINE}\n\nid: 8\n`);
	clock.tick(1000);
	await last().finish();
	assert.equal(last().url, "/events?after=7");
});

test("each poll continues behind the one before", async () => {
	const { said, gets, last } = open("poll");
	assert.deepEqual([last().url, last().accept], ["/frames", "application/json"]);
	await last().answer({ frames: [FRAME, FRAME], next: 2 });
	await last().answer({ frames: [], next: "x:3" });
	assert.deepEqual(
		gets().map(({ url }) => url),
		["/frames", "/frames?after=2", "/frames?after=x:3"],
	);
	assert.deepEqual(said, [FRAME, FRAME]);
});

const KINDS: readonly FeedKind[] = ["x-ndjson", "event-stream", "poll"];
for (const kind of KINDS) {
	test(`${kind}: a status that is an error is the end`, async () => {
		const { said, last, gets } = open(kind);
		await last().answer("", { status: 403 });
		assert.deepEqual([said, gets().length], [[403], 1]);
	});

	test(`${kind}: a lost network is the end`, async () => {
		const { said, last } = open(kind);
		await last().fail();
		assert.deepEqual(said, [0]);
	});

	test(`${kind}: 19 s of silence are the end, and the request is given up`, async () => {
		const { said, last } = open(kind);
		clock.tick(18_999);
		assert.deepEqual(said, []);
		clock.tick(1);
		await settle();
		assert.deepEqual(said, [DEAD]);
		assert.ok(last().signal?.aborted);
	});

	test(`${kind}: closed, it says no more`, async () => {
		const { feed, said, last, gets } = open(kind);
		feed.close();
		await settle();
		clock.tick(60_000);
		assert.ok(last().signal?.aborted);
		assert.deepEqual([said, gets().length], [[], 1]);
	});
}

test("a sign of life without a frame puts the end off", async () => {
	const { said, last } = open("x-ndjson");
	await last().write("\n");
	clock.tick(18_999);
	await last().write("\n");
	clock.tick(18_999);
	assert.deepEqual(said, []);
	clock.tick(1);
	assert.deepEqual(said, [DEAD]);
});

const MESSAGE = { type: "message", id: "m-1", content: "Hi" };

test("messages are sent one after the other; a stop does not wait for them", async () => {
	const { feed, posts } = open("poll");
	feed.send(MESSAGE);
	feed.send({ type: "contact_info", email: "a@b.example" });
	feed.send({ type: "stop" });
	await settle();
	const types = () => posts().map(({ url, body }) => `${url} ${(body as { type: string }).type}`);
	assert.deepEqual(types().sort(), ["/frames message", "/frames stop"]);
	await posts()
		.find(({ body }) => (body as { type: string }).type === "message")
		?.answer({ frames: [] }, { status: 202 });
	assert.equal(types()[2], "/frames contact_info");
});

test("the answer's frames come as the server's", async () => {
	const { feed, posts, said } = open("poll");
	feed.send({ type: "history" });
	await settle();
	await posts()[0]?.answer({ frames: [{ type: "history", messages: [] }] });
	assert.deepEqual(said, [{ type: "history", messages: [] }]);
});

const json = (status: number, more = {}) => ({ status, headers: more });
const REFUSALS: readonly [
	name: string,
	body: unknown,
	init: ResponseInit,
	said: readonly unknown[],
][] = [
	[
		"a refused message is an error with its id, and when to repeat it",
		{ error: "Slow down", code: "rate_limited" },
		json(429, { "Retry-After": "3" }),
		[
			{
				type: "error",
				message: "Slow down",
				code: "rate_limited",
				fields: undefined,
				id: "m-1",
				retryAfterMs: 3000,
			},
		],
	],
	["an unknown session is the end of it", { code: "session_not_found" }, json(404), [OVER]],
	["the error page of a proxy is a lost connection", "<html>", json(502), [0]],
];
for (const [name, body, init, expected] of REFUSALS)
	test(name, async () => {
		const { feed, posts, said } = open("poll");
		feed.send(MESSAGE);
		await settle();
		await posts()[0]?.answer(body, init);
		assert.deepEqual(said, expected);
	});

test("a message that cannot be sent is a lost connection", async () => {
	const { feed, posts, said, last } = open("x-ndjson");
	feed.send(MESSAGE);
	await settle();
	await posts()[0]?.fail();
	assert.deepEqual(said, [0]);
	assert.ok(last().signal?.aborted);
});
