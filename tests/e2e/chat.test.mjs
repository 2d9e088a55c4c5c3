// The chat: what the visitor receives, what the model receives, what is stored.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError, textOf } from "./client.mjs";
import { until, useBanter, WIDGET_KEY, withBanter } from "./harness.mjs";
import { history, stop } from "./replies.mjs";

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("chat", () => {
	const banter = useBanter();

	it("POST /v1/chat returns the whole reply and its ids", async () => {
		const answer = await banter.chat("whole", "[[tokens=3]] hello");
		assert.equal(answer.status, 200);
		assert.match(answer.headers["content-type"], /^application\/json/);
		assert.match(answer.headers["cache-control"], /no-store/);
		assert.equal(answer.json.message, "t0 t1 t2");
		assert.match(answer.json.conversationId, ID);
		assert.match(answer.json.messageId, ID);
		const { conversation, messages } = await banter.thread(answer.json.conversationId);
		assert.equal(conversation._id, answer.json.conversationId);
		assert.equal(conversation.sessionId, "whole");
		assert.deepEqual(
			messages.map(({ role, content, status }) => [role, content, status]),
			[
				["user", "[[tokens=3]] hello", "complete"],
				["assistant", "t0 t1 t2", "complete"],
			],
		);
		assert.equal(messages[1]._id, answer.json.messageId);
	});

	for (const path of ["/v1/chat/stream", "/chat"]) {
		it(`POST ${path} streams start, tokens and done, one JSON object per line`, async () => {
			const stream = await banter.stream(
				`stream${path.replaceAll("/", ".")}`,
				"[[tokens=5]] hello",
				{ path },
			);
			assert.equal(stream.status, 200);
			assert.equal(stream.headers["content-type"], "application/x-ndjson; charset=utf-8");
			assert.equal(stream.headers["cache-control"], "no-store, no-transform");
			assert.equal(stream.headers["x-accel-buffering"], "no");
			assert.equal(stream.headers["content-length"], undefined);
			const events = await stream.rest();
			const [start] = events;
			const done = events[events.length - 1];
			assert.deepEqual(Object.keys(start).sort(), ["conversationId", "messageId", "type"]);
			assert.equal(start.type, "start");
			assert.match(start.conversationId, ID);
			assert.match(start.messageId, ID);
			for (const event of events.slice(1, -1)) {
				assert.equal(event.type, "token");
				assert.ok(event.token.length > 0);
			}
			assert.equal(textOf(events), "t0 t1 t2 t3 t4 ");
			assert.equal(done.type, "done");
			assert.equal(done.message, "t0 t1 t2 t3 t4");
			assert.equal(done.conversationId, start.conversationId);
			assert.equal(done.messageId, start.messageId);
		});
	}

	it("the stream is not compressed and ends cleanly", async () => {
		const stream = await banter.stream("plain", "[[tokens=2]]", {
			headers: { "accept-encoding": "br, gzip" },
		});
		assert.equal(stream.headers["content-encoding"], undefined);
		assert.equal((await stream.rest()).at(-1).type, "done");
		assert.equal(stream.response.complete, true);
	});

	it("tokens are forwarded immediately: the first arrives while the model is still sending", async () => {
		const stream = await banter.stream("pace", "[[tokens=4 hold-after=3]] slowly");
		// The model has sent three tokens and holds the rest; the three must arrive.
		assert.deepEqual(await stream.tokens(3), ["t0 ", "t1 ", "t2 "]);
		assert.equal((await banter.model("stats")).active, 1);
		await banter.release("slowly");
		assert.equal((await stream.rest()).at(-1).message, "t0 t1 t2 t3");
	});

	it("the same session continues its conversation, another one does not", async () => {
		const first = (await banter.chat("same", "[[tokens=1]] one")).json;
		const second = (await banter.chat("same", "[[tokens=1]] two", { path: "/v1/chat" })).json;
		const events = await (await banter.stream("same", "[[tokens=1]] three")).rest();
		const other = (await banter.chat("other", "[[tokens=1]] one")).json;
		assert.equal(second.conversationId, first.conversationId);
		assert.equal(events[0].conversationId, first.conversationId);
		assert.notEqual(other.conversationId, first.conversationId);
		assert.notEqual(second.messageId, first.messageId);
		assert.equal((await banter.messages(first.conversationId)).length, 6);
	});

	it("sessions that differ only in case are different", async () => {
		const lower = (await banter.chat("case", "[[tokens=1]]")).json;
		const upper = (await banter.chat("CASE", "[[tokens=1]]")).json;
		assert.notEqual(lower.conversationId, upper.conversationId);
	});

	it("the model sees the system prompt and the conversation, oldest first, the new message last", async () => {
		await banter.chat("memory", '[[text="first reply"]] one');
		await banter.chat("memory", '[[text="second reply"]] two');
		await banter.chat("memory", '[[text="third reply"]] three');
		const saw = await banter.modelSaw();
		assert.equal(saw[0][0], "system");
		assert.ok(saw[0][1].length > 0);
		assert.deepEqual(saw.slice(1), [
			["user", '[[text="first reply"]] one'],
			["assistant", "first reply"],
			["user", '[[text="second reply"]] two'],
			["assistant", "second reply"],
			["user", '[[text="third reply"]] three'],
		]);
	});

	it("the model request has OpenAI's format", async () => {
		await banter.chat("form", "[[tokens=1]]");
		const { path, headers, body } = await banter.model("last");
		assert.equal(path, "/v1/chat/completions");
		assert.equal(body.stream, true);
		assert.equal(body.model, "gpt-4.1-mini");
		assert.match(headers["content-type"], /^application\/json/);
		assert.match(headers.accept, /text\/event-stream/);
	});

	it("done.message is the trimmed reply; tokens start at the model's first word", async () => {
		const stream = await banter.stream("trim", '[[text="\\n\\t  two words \\n "]]');
		const events = await stream.rest();
		assert.equal(textOf(events), "two words \n ");
		assert.equal(events.at(-1).message, "two words");
		assert.equal((await banter.chat("trim", '[[text="  x  "]]')).json.message, "x");
		const messages = await banter.messages(events[0].conversationId);
		assert.deepEqual(messages[1], ["assistant", "two words", "complete"]);
	});

	for (const [what, directive] of [
		["an empty reply", "[[empty]]"],
		["a reply of white space alone", '[[text=" \\n\\t "]]'],
	]) {
		it(`${what} becomes the same apology everywhere`, async () => {
			const events = await (
				await banter.stream(`sorry ${what}`.replace(/ /g, "-"), directive)
			).rest();
			const done = events.at(-1);
			assert.equal(done.type, "done");
			assert.match(done.message, /\S.*\S/);
			const whole = (await banter.chat("sorry", directive)).json;
			assert.equal(whole.message, done.message);
			const messages = await banter.messages(whole.conversationId);
			assert.deepEqual(messages[1], ["assistant", done.message, "complete"]);
		});
	}

	it("both key headers are accepted; x-api-key wins", async () => {
		const ask = (headers) =>
			banter.request("POST", "/v1/chat", {
				headers,
				body: { sessionId: "keys", message: "[[tokens=1]]" },
			});
		assert.equal((await ask({ "x-api-key": WIDGET_KEY })).status, 200);
		assert.equal((await ask({ "x-widget-api-key": WIDGET_KEY })).status, 200);
		assert.equal((await ask({ "X-API-Key": WIDGET_KEY, "X-Widget-API-Key": "wrong" })).status, 200);
		assertError(
			await ask({ "x-api-key": "wrong", "x-widget-api-key": WIDGET_KEY }),
			401,
			"Unauthorized",
		);
		assertError(await ask({ "x-api-key": "", "x-widget-api-key": "wrong" }), 401, "Unauthorized");
		assertError(await ask({}), 401, "Unauthorized");
		assertError(await ask({ "x-api-key": `${WIDGET_KEY}x` }), 401, "Unauthorized");
		assertError(await ask({ "x-api-key": WIDGET_KEY.slice(0, -1) }), 401, "Unauthorized");
	});

	const texts = {
		emoji: "👩‍👩‍👧‍👦 and 🏴󠁧󠁢󠁳󠁣󠁴󠁿 and 🫱🏽‍🫲🏿",
		scripts: "日本語 العربية עברית ไทย हिन्दी Ελληνικά",
		"combining marks": "e\u0301 a\u030a\u0323 Z\u0351\u036b\u0343",
		"quotes and backslashes": `"quoted" \\ back \\" 'single' </script> <!-- {"type":"done"}`,
		"line ends": "one\ntwo\r\nthree\u2028four\u2029five\tsix",
		"control characters": "bell\u0007 null\u0000 escape\u001b[31m delete\u007f",
		"edges of planes": "\u{10ffff} \ufffd \uffff \ufeff \ud7ff \ue000 \u{10000}",
	};
	for (const [what, text] of Object.entries(texts))
		it(`${what} are returned exactly as sent`, async () => {
			const message = `[[echo]] x${text}x`;
			const events = await (await banter.stream(`text-${what.replace(/ /g, "-")}`, message)).rest();
			assert.equal(events.at(-1).message, `x${text}x`);
			assert.equal(textOf(events), `x${text}x`);
			const messages = await banter.messages(events[0].conversationId);
			assert.deepEqual(messages, [
				["user", message, "complete"],
				["assistant", `x${text}x`, "complete"],
			]);
			assert.deepEqual((await banter.modelSaw()).at(-1), ["user", message]);
		});

	it("characters of every width survive all splits between tokens and reads", async () => {
		const whole = await banter.stream("unicode", "[[unicode tokens=60]]");
		const split = await banter.stream("unicode-split", "[[unicode tokens=60 split=1]]");
		const expected = textOf(await whole.rest());
		assert.match(expected, /[\u{10000}-\u{10ffff}]/u);
		assert.equal(textOf(await split.rest()), expected);
	});

	it("the newest conversation is first in the list, with the first 500 characters of its last message", async () => {
		const long = "é".repeat(600);
		await banter.chat("list-a", `[[echo]] ${long}`);
		await banter.chat("list-b", "[[tokens=1]]");
		const early = await banter.conversations();
		assert.deepEqual(
			early.conversations.slice(0, 2).map((one) => one.sessionId),
			["list-b", "list-a"],
		);
		assert.equal(early.conversations[1].lastMessage, long.slice(0, 500));
		await banter.chat("list-a", "[[tokens=2]]");
		const late = await banter.conversations(1);
		assert.equal(late.conversations.length, 1);
		assert.equal(late.total, early.total);
		const [newest] = late.conversations;
		assert.equal(newest.sessionId, "list-a");
		assert.equal(newest.lastMessage, "t0 t1");
		assert.equal(newest._creationTime, newest.createdAt);
		assert.ok(newest.createdAt <= newest.updatedAt);
		assert.ok(Math.abs(Date.now() - newest.updatedAt) < 60_000, "milliseconds since 1970");
	});
});

describe("durability", () => {
	const banter = useBanter();

	it("the visitor's message is stored before the model sends anything", async () => {
		const answer = banter.stream("waiting", "[[fail=hang]] are you there?");
		await until(
			"the model was asked",
			async () => (await banter.modelCalls("are you there?")) === 1,
		);
		const { messages } = await banter.threadOf("waiting");
		assert.equal(messages.length, 1);
		assert.deepEqual(
			[messages[0].role, messages[0].content],
			["user", "[[fail=hang]] are you there?"],
		);
		await stop(banter, (await history(banter, "waiting")).json.active, "waiting");
		assert.equal((await (await answer).rest()).at(-1).status, "stopped");
	});

	it("the visitor's message is stored while the reply streams", async () => {
		const stream = await banter.stream("streaming", "[[tokens=1 hang-after=1]] go on");
		const { conversationId } = await stream.next();
		const [message] = await banter.messages(conversationId);
		assert.deepEqual(message, ["user", "[[tokens=1 hang-after=1]] go on", "complete"]);
		stream.leave();
	});

	it("the reply is stored before done is sent", async () => {
		for (let i = 0; i < 20; i++) {
			const stream = await banter.stream(`prompt-${i}`, "[[tokens=2]]");
			for (;;) {
				const event = await stream.next();
				if (event.type !== "done") continue;
				const messages = await banter.messages(event.conversationId);
				assert.deepEqual(messages[1], ["assistant", "t0 t1", "complete"]);
				break;
			}
		}
	});
});

describe("a limited history", () => {
	it("MAX_HISTORY_MESSAGES=3: the model sees the last three messages, including the new one", async () => {
		const env = {
			MAX_HISTORY_MESSAGES: "3",
			SYSTEM_PROMPT: 'Say "yes".\nOften.',
			OPENAI_MODEL: "some/model:7b",
		};
		await withBanter({ env, workers: 1 }, async (banter) => {
			for (const n of ["1", "2", "3", "4"])
				await banter.chat("short", `[[text="reply ${n}"]] ${n}`);
			assert.deepEqual(await banter.modelSaw(), [
				["system", 'Say "yes".\nOften.'],
				["user", '[[text="reply 3"]] 3'],
				["assistant", "reply 3"],
				["user", '[[text="reply 4"]] 4'],
			]);
			assert.equal((await banter.model("last")).body.model, "some/model:7b");
		});
	});

	it("a long conversation of long messages reaches the model complete and in order", async () => {
		const env = { MAX_HISTORY_MESSAGES: "1000" };
		await withBanter({ env, workers: 1 }, async (banter) => {
			const expected = [];
			for (let i = 0; i < 45; i++) {
				const message = `[[huge=20000]] ${i} ${"ß".repeat(3900)}`;
				const answer = await banter.chat("long", message);
				assert.equal(answer.status, 200);
				expected.push(["user", message], ["assistant", answer.json.message]);
			}
			expected.pop();
			assert.deepEqual((await banter.modelSaw()).slice(1), expected);
			const { json } = await banter.chat("long", "[[tokens=1]] and the thread is whole as well");
			const messages = await banter.messages(json.conversationId);
			assert.equal(messages.length, 92);
			assert.deepEqual(
				messages.slice(0, 89).map(([role, content]) => [role, content]),
				expected,
			);
		});
	});
});
