// A reply is taken up again at each of its places, whichever worker the request comes to, in both
// forms of a stream: the text is the same to the byte, and the model was asked once.
//
// Server-sent events are read here by a parser and a client that are not ours.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EventSource } from "eventsource";
import { createParser } from "eventsource-parser";
import { below } from "../faults/random.mjs";
import { assertError, request, textOf } from "./client.mjs";
import { TIME_FACTOR, until, useBanter } from "./harness.mjs";
import { BadNetwork } from "./network.mjs";
import { KEY, resume, resumePath, SSE, storedMessages, textAfter } from "./replies.mjs";

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

const message = (words, delay) => `[[raw="${TOKENS.join("|")}" delay=${delay}]] ${words}`;

/** Reads server-sent events with an independent parser; resolves to them with their ids. */
async function readEvents(answer) {
	const events = [];
	const parser = createParser({
		onEvent: ({ id, data }) => events.push({ id, ...JSON.parse(data) }),
		onError: (error) => {
			throw error;
		},
	});
	const decoder = new TextDecoder("utf-8", { fatal: true });
	for await (const piece of answer) parser.feed(decoder.decode(piece, { stream: true }));
	return events;
}

/** Rounds a position inside a surrogate pair. */
function roundedDown(position) {
	const unit = TEXT.charCodeAt(position);
	return unit >= 0xdc00 && unit <= 0xdfff ? position - 1 : position;
}

/**
 * Asserts that a client with the text up to `after` has the whole text after these events. live:
 * the serving worker may have less text than the client.
 */
function assertHealed(events, after, live = false) {
	const { position } = events[0];
	if (live) assert.ok(position <= after && position === roundedDown(position), `at ${position}`);
	else assert.equal(position, roundedDown(after));
	assert.equal(textAfter(events, TEXT.slice(0, after)), TEXT);
	assert.equal(events.at(-1).type, "done");
	assert.equal(events.at(-1).message, TEXT);
}

describe("a reply is resumed at each position", () => {
	const banter = useBanter({ workers: 3 });

	/** GET as NDJSON or as server-sent events; resolves when the response has started. */
	function begin(messageId, session, after, sse) {
		return resume(banter, messageId, session, { after, headers: sse ? SSE : {} });
	}

	async function finish(stream, after, live) {
		assertHealed(await stream.rest(), after, live);
	}

	it("while it is running", async () => {
		const words = message("while", `${TIME_FACTOR === 1 ? 40 : 100} hold-after=1`);
		const writer = await banter.stream("while", words);
		const { messageId } = await writer.next();
		const resumed = [];
		let text = "";
		for (let event = await writer.next(); event.type === "token"; event = await writer.next()) {
			const before = text.length;
			text += event.token;
			for (let after = before + 1; after <= text.length; after++)
				for (const sse of [false, true])
					resumed.push(begin(messageId, "while", after, sse).then((one) => [one, after]));
			await Promise.all(resumed.slice(-2));
			if (before > 0) continue;
			const sockets = (await Promise.all(resumed)).map(([{ socket }]) => socket);
			const workers = new Set(await banter.workersOf(sockets));
			assert.ok(workers.size > 1, "several workers serve it");
			await banter.release("while");
		}
		assert.equal(text, TEXT);
		assert.equal(resumed.length, 2 * TEXT.length);
		for (const [stream, after] of await Promise.all(resumed)) await finish(stream, after, true);
		assert.equal((await banter.model("stats")).calls, 1);
		assert.deepEqual(await storedMessages(banter, "while"), [
			["user", words, "complete"],
			["assistant", TEXT, "complete"],
		]);
	});

	it("after its end", async () => {
		const { calls } = await banter.model("stats");
		const { json } = await banter.chat("after", message("after", 0));
		assert.equal(json.message, TEXT);
		for (let after = 0; after <= TEXT.length; after++)
			for (const sse of [false, true])
				await finish(await begin(json.messageId, "after", after, sse), after);
		assert.equal((await banter.model("stats")).calls, calls + 1);
	});

	it("with an independent parser; each id is the position after its event", async () => {
		const { json } = await banter.chat("parsed", message("parsed", 0));
		for (let after = 0; after <= TEXT.length; after += 7) {
			const path = resumePath(json.messageId, "parsed", { after });
			const { bytes } = await request(banter.url, "GET", path, { headers: { ...KEY, ...SSE } });
			const events = await readEvents([bytes]);
			assertHealed(events, after);
			assert.equal(events[0].id, String(roundedDown(after)));
			for (const { id } of events.slice(1)) assert.equal(id, String(TEXT.length));
		}
	});

	it("by 50 concurrent listeners, each from its own position", async () => {
		const { calls } = await banter.model("stats");
		const words = message("crowd", TIME_FACTOR === 1 ? 20 : 50);
		const writer = await banter.stream("crowd", words);
		const { messageId } = await writer.next();
		let text = "";
		while (text.length < 60) text += (await writer.tokens(1))[0];
		const crowd = await Promise.all(
			Array.from({ length: 50 }, (_, i) => begin(messageId, "crowd", i, i % 2 === 0)),
		);
		for (const [i, one] of crowd.entries()) await finish(one, i, true);
		assert.equal(text + textOf(await writer.rest()), TEXT);
		assert.equal((await banter.model("stats")).calls, calls + 1);
	});

	it("404 for another session at every worker, during and after the reply", async () => {
		const writer = await banter.stream("own", message("own", 10 * TIME_FACTOR));
		const { messageId } = await writer.next();
		const spies = () =>
			Promise.all(Array.from({ length: 20 }, () => resume(banter, messageId, "spy")));
		for (const spy of await spies()) assertError(spy, 404, "Message not found", "not_found");
		assert.equal((await writer.rest()).at(-1).message, TEXT);
		for (const spy of await spies()) assertError(spy, 404, "Message not found", "not_found");
	});
});

describe("an EventSource over a network that breaks repeatedly", () => {
	const banter = useBanter();

	/** Listens to a reply until it is done; resolves to its events. */
	function listen(url) {
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
		const words = message("source", 100);
		const writer = await banter.stream("source", words);
		const { messageId } = await writer.next();
		// One network each, whose first connection breaks before the whole reply can have arrived
		// (the head has about 600 bytes).
		const network = async () => {
			let connections = 0;
			const fate = () => ({ answerCut: connections++ === 0 ? 1000 : 800 + below(3000) });
			const bad = await BadNetwork.open(banter.port, fate);
			t.after(() => bad.close());
			return `${bad.url}${resumePath(messageId, "source", { after: 0 })}`;
		};
		const listeners = await Promise.all(
			Array.from({ length: 5 }, async () => listen(await network())),
		);
		for (const events of listeners) {
			let text = "";
			for (const event of events) {
				if (event.type === "start") text = text.slice(0, event.position);
				if (event.type === "token") text += event.token;
			}
			assert.equal(text, TEXT);
			assert.equal(events.at(-1).message, TEXT);
			assert.ok(events.filter(({ type }) => type === "start").length > 1, "it came back");
		}
		writer.leave();
		assert.equal((await banter.model("stats")).calls, 1);
		await until("nothing is under way", async () => (await banter.model("stats")).active === 0);
	});
});
