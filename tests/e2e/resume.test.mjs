// Resuming a reply: at every position, by any client of its session, at any worker, in both stream formats.
// The text must be the same to the byte, and the model is asked once. Server-sent events are also read by a
// client that is not ours. Replies that end in each way, and workers and stores that fail meanwhile:
// tests/unit/workerd/turn/{resume,remote_reply}.scenario and storm.test.mjs.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EventSource } from "eventsource";
import { below } from "../faults/random.mjs";
import { assertError, RawConnection } from "./client.mjs";
import {
	ADMIN_KEY,
	TIME_FACTOR,
	times,
	until,
	useBanter,
	whileStopped,
	withBanter,
} from "./harness.mjs";
import { BadNetwork } from "./network.mjs";
import {
	assertStored,
	assertStreamHeaders,
	begin,
	beginHanging,
	connectToOtherWorker,
	getOn,
	KEY,
	modelIsIdle,
	NOBODY,
	resume,
	resumePath,
	SSE,
	stop,
	textAfter,
	workersOf,
} from "./replies.mjs";

/** A token as sent by the model: bytes of a JSON string, \xHH for partial characters. */
const raw = (text) => text.replaceAll("\\", "\\\\");

/** Tokens and their text: joined, combining and four-byte characters, and halves of some. */
const ROUND = [
	["Zwölf", "Zwölf"],
	[" €uro ", " €uro "],
	["e", "e"],
	["\u0301", "\u0301"], // combines with the token before
	["👩", "👩"],
	["\u200d", "\u200d"],
	["👧 ", "👧 "],
	[raw("\\ud83c"), ""], // half a pair of surrogates
	[raw("\\udf31"), "🌱"],
	["\\xf0\\x9f", ""], // half a character's bytes
	["\\x98\\x80!", "😀!"],
	["שלום ", "שלום "],
	["🇩🇪", "🇩🇪"],
	["\u{10ffff}", "\u{10ffff}"],
	["한국", "한국"],
	[". ", ". "],
];
const ROUNDS = 4;
const PIECES = Array.from({ length: ROUNDS }, () => ROUND).flat();
const TEXT = `${PIECES.map(([, text]) => text).join("")}.`;
const TOKENS = PIECES.map(([token]) => token).concat(".");
const FORMATS = [{}, SSE]; // NDJSON, server-sent events

const message = (words, delay = 0) => `[[raw="${TOKENS.join("|")}" delay=${delay}]] ${words}`;

async function completeReply(banter, session) {
	const { json } = await banter.chat(session, message(session));
	assert.equal(json.message, TEXT);
	return json;
}

/** Rounds a position inside a surrogate pair or behind the end. */
function roundedDown(position) {
	const at = Math.min(position, TEXT.length);
	const unit = TEXT.charCodeAt(at);
	return unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at;
}

/**
 * Asserts that a client with the text up to `after` has the whole text after these events. running: the
 * serving worker may have less text than the client.
 */
function assertResumed(events, after, { running = false } = {}) {
	const { position } = events[0];
	if (running) assert.ok(position <= after && position === roundedDown(position), `at ${position}`);
	else assert.equal(position, roundedDown(after));
	assert.equal(textAfter(events, TEXT.slice(0, after)), TEXT);
	assert.equal(events.at(-1).type, "done");
	assert.equal(events.at(-1).message, TEXT);
}

const banter = useBanter({ workers: 3, env: { EVENT_STREAM_SILENCE_MS: "200" } });

describe("a reply is resumed at each position", () => {
	it("while it is running, in both formats, by several workers", async () => {
		const words = message("running", `${TIME_FACTOR === 1 ? 40 : 100} hold-after=1`);
		const { stream, messageId } = await begin(banter, "running", words);
		const resumed = [];
		let text = "";
		for (let event = await stream.next(); event.type === "token"; event = await stream.next()) {
			const before = text.length;
			text += event.token;
			for (let after = before + 1; after <= text.length; after++)
				for (const headers of FORMATS) {
					const one = resume(banter, messageId, "running", { after, headers });
					resumed.push(one.then((listener) => [listener, after]));
				}
			await Promise.all(resumed.slice(-2));
			if (before > 0) continue;
			const listeners = (await Promise.all(resumed)).map(([listener]) => listener);
			const workers = await workersOf(banter, listeners);
			assert.ok(new Set(workers).size > 1, "several workers serve it");
			await banter.release("running");
		}
		assert.equal(text, TEXT);
		assert.equal(resumed.length, 2 * TEXT.length);
		const ahead = resume(banter, messageId, "running", { after: 100_000 });
		resumed.push(ahead.then((listener) => [listener, 100_000]));
		for (const [listener, after] of await Promise.all(resumed))
			assertResumed(await listener.rest(), after, { running: true });
		assert.equal(await banter.modelCalls("] running"), 1);
		await assertStored(banter, "running", [words, TEXT]);
	});
});

describe("a resumed reply", () => {
	it("is a stream of start, its text and done", async () => {
		const { conversationId, messageId } = await completeReply(banter, "again");
		const stream = await resume(banter, messageId, "again");
		assertStreamHeaders(stream, "application/x-ndjson");
		assert.deepEqual(await stream.rest(), [
			{ type: "start", conversationId, messageId, position: 0 },
			{ type: "token", token: TEXT },
			{ type: "done", message: TEXT, conversationId, messageId },
		]);
		for (const after of ["17", "000100000", "999999999"]) {
			const later = await resume(banter, messageId, "again", { after });
			assertResumed(await later.rest(), Number(after));
		}
	});

	it("HEAD is answered at once while the reply continues, and its connection is reusable", async () => {
		const { stream, messageId } = await beginHanging(banter, "head");
		const connection = await RawConnection.connect(banter.port);
		for (let i = 0; i < 4; i++) {
			const headers = { ...KEY, ...SSE };
			const head = await getOn(connection, resumePath(messageId, "head"), headers, "HEAD");
			assert.equal(head.status, 200);
			assert.equal(head.headers["content-type"], "text/event-stream; charset=utf-8");
			assert.equal((await getOn(connection, "/health")).json.status, "ok");
		}
		connection.close();
		const path = resumePath(NOBODY, "head");
		assert.equal((await banter.request("HEAD", path, { headers: KEY })).status, 404);
		assert.equal((await stop(banter, messageId, "head")).json.status, "stopped");
		assert.equal((await stream.rest()).at(-1).status, "stopped");
	});
});

describe("server-sent events", () => {
	for (const path of ["/v1/chat/stream", "/chat"])
		it(`${path}: the same objects, each with the length of the text so far as its id`, async () => {
			const session = `sse${path.replaceAll("/", ".")}`;
			const stream = await banter.stream(session, "[[unicode tokens=20]]", { path, headers: SSE });
			assertStreamHeaders(stream, "text/event-stream");
			const events = await stream.rest();
			assert.deepEqual(Object.keys(events[0]), ["type", "conversationId", "messageId"]);
			assert.equal(events.at(-1).type, "done");
			let text = "";
			for (const [i, event] of events.entries()) {
				if (event.type === "token") text += event.token;
				assert.equal(stream.ids[i], String(text.length));
			}
			assert.match(text, /[\u{10000}-\u{10ffff}]/u);
			assert.match(stream.sse.retry, /^\d+$/);
		});

	it("include errors, but a refusal before the start is JSON", async () => {
		const stream = await banter.stream("sse-error", "[[tokens=3 error-after=2]]", { headers: SSE });
		assert.equal((await stream.rest()).at(-1).type, "error");
		assert.equal(stream.ids.at(-1), "6");
		assertError(await banter.stream("sse-refused", "[[fail=400]]", { headers: SSE }), 502);
	});

	it("continue at Last-Event-ID, whatever the URL says", async () => {
		const { messageId } = await completeReply(banter, "last-id");
		for (const [last, after] of [
			["3", undefined],
			["3", "0"],
			["0", "5"],
			["17", "x"], // inside a character
			[String(TEXT.length), "0"],
		]) {
			const headers = { ...SSE, "last-event-id": last };
			const stream = await resume(banter, messageId, "last-id", { after, headers });
			assertResumed(await stream.rest(), Number(last));
			assert.equal(stream.ids[0], String(roundedDown(Number(last))));
			assert.equal(stream.ids.at(-1), String(TEXT.length));
		}
	});

	it("contain comments while the model is silent, NDJSON does not", async () => {
		const words = "[[tokens=2 hold-after=1]] silent";
		const { stream, messageId } = await begin(banter, "silent", words, 1, { headers: SSE });
		const resumed = await resume(banter, messageId, "silent", { headers: SSE });
		const ndjson = await resume(banter, messageId, "silent"); // any other line would be an error
		for (const one of [stream, resumed]) await until("two comments", () => one.sse.comments >= 2);
		await banter.release("silent");
		for (const one of [stream, resumed, ndjson])
			assert.equal((await one.rest()).at(-1).message, "t0 t1");
	});
});

describe("requests that may not resume", () => {
	it("404 if the conversation is deleted before the listener has received anything", () =>
		withBanter({ workers: 2 }, async (own) => {
			const admin = { "x-admin-api-key": ADMIN_KEY };
			const { stream, messageId } = await beginHanging(own, "unheard", 1);
			const [writer] = await workersOf(own, [stream]);
			const listener = await connectToOtherWorker(own, writer);
			const other = await connectToOtherWorker(own, writer);
			// A stopped worker publishes no text.
			await whileStopped([writer], async () => {
				const resumed = getOn(listener, resumePath(messageId, "unheard", { after: 1 }), KEY);
				await until("the reply is followed", async () => {
					const { body } = await getOn(other, "/metrics", admin);
					return /^banter_turns_followed.* 1$/m.test(body.toString());
				});
				const erased = await getOn(other, "/v1/admin/visitors/unheard", admin, "DELETE");
				assert.equal(erased.status, 200);
				assertError(await resumed, 404, "Message not found", "not_found");
			});
			for (const connection of [listener, other]) connection.close();
		}));

	for (const [query, headers = {}] of [
		...["", "sessionId=", "sessionId=a%20b", "sessionId=a&sessionId=b"].map((one) => [one]),
		...["", "-1", "1.5", "x", "1000000000", "1&after=1"].map((one) => [`sessionId=a&after=${one}`]),
		...["x", "-1", "1.0", "1000000000", ""].map((id) => ["sessionId=a", { "last-event-id": id }]),
	])
		it(`400: ?${query} ${JSON.stringify(headers)}`, async () => {
			const path = `/v1/chat/stream/${NOBODY}?${query}`;
			const answer = await banter.get(path, { ...KEY, ...headers });
			assertError(answer, 400, "Invalid query parameters", "invalid_request");
			assert.equal(typeof answer.json.details, "string");
		});
});

describe("an EventSource over a network that breaks repeatedly", () => {
	/** Listens to a reply until it is done; resolves to its events. */
	function listenTo(url) {
		const source = new EventSource(url, {
			fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...KEY } }),
		});
		const events = [];
		return new Promise((resolve, reject) => {
			source.onmessage = ({ data }) => {
				events.push(JSON.parse(data));
				if (events.at(-1).type === "done") resolve(events);
				if (events.at(-1).type === "error") reject(new Error(data));
			};
			source.onerror = ({ code }) => code && reject(new Error(`status ${code}`));
		}).finally(() => source.close());
	}

	it("reconnects by itself and receives the whole text", async (t) => {
		const { stream, messageId } = await begin(banter, "source", message("source", 100));
		// One network each, whose first connection breaks before the whole reply can have arrived
		// (the head has about 600 bytes).
		const openNetwork = async () => {
			let connections = 0;
			const fate = () => ({ answerCut: connections++ === 0 ? 1000 : 800 + below(3000) });
			const network = await BadNetwork.open(banter.port, fate);
			t.after(() => network.close());
			return `${network.url}${resumePath(messageId, "source", { after: 0 })}`;
		};
		for (const events of await times(5, async () => listenTo(await openNetwork()))) {
			let text = "";
			for (const event of events) {
				if (event.type === "start") text = text.slice(0, event.position);
				if (event.type === "token") text += event.token;
			}
			assert.equal(text, TEXT);
			assert.equal(events.at(-1).message, TEXT);
			assert.ok(events.filter(({ type }) => type === "start").length > 1, "it reconnected");
		}
		stream.leave();
		assert.equal(await banter.modelCalls("] source"), 1);
		await modelIsIdle(banter);
	});
});
