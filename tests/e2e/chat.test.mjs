// The chat: what the visitor receives, what the model receives, what is stored.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError, textOf } from "./client.mjs";
import { numbered, useBanter, WIDGET_KEY, withBanter } from "./harness.mjs";
import { assertStored, assertStreamHeaders, begin } from "./replies.mjs";
import { said } from "./visitors.mjs";

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
		assert.equal(conversation.sessionId, "whole");
		assert.equal(messages[1]._id, answer.json.messageId);
		await assertStored(banter, "whole", ["[[tokens=3]] hello", "t0 t1 t2"]);
	});

	for (const path of ["/v1/chat/stream", "/chat"])
		it(`POST ${path} streams start, tokens and done, one JSON object per line, uncompressed`, async () => {
			const stream = await banter.stream("stream", "[[tokens=5]] hello", {
				path,
				headers: { "accept-encoding": "br, gzip" },
			});
			assertStreamHeaders(stream, "application/x-ndjson");
			const [start, ...events] = await stream.rest();
			const { conversationId, messageId } = start;
			assert.match(conversationId, ID);
			assert.match(messageId, ID);
			assert.deepEqual(start, { type: "start", conversationId, messageId });
			const done = { type: "done", message: numbered(5), conversationId, messageId };
			assert.deepEqual(events.pop(), done);
			assert.ok(events.every(({ type, token }) => type === "token" && token.length > 0));
			assert.equal(textOf(events), "t0 t1 t2 t3 t4 ");
			assert.equal(stream.response.complete, true);
		});

	it("a token is forwarded while the model is still sending, and the message is stored by then", async () => {
		const message = "[[tokens=4 hold-after=3]] slowly";
		const { stream, conversationId, text } = await begin(banter, "pace", message, 3);
		assert.equal(text, "t0 t1 t2 ");
		assert.equal((await banter.model("stats")).active, 1);
		assert.deepEqual((await banter.messages(conversationId))[0], ["user", message, "complete"]);
		await banter.release("slowly");
		assert.equal((await stream.rest()).at(-1).message, "t0 t1 t2 t3");
	});

	it("the reply is stored before done is sent", async () => {
		for (let i = 0; i < 20; i++) {
			const { stream, conversationId } = await begin(banter, `prompt-${i}`, "[[tokens=2]]", 2);
			assert.equal((await stream.next()).type, "done");
			const messages = await banter.messages(conversationId);
			assert.deepEqual(messages[1], ["assistant", "t0 t1", "complete"]);
		}
	});

	for (const directive of ["[[empty]]", '[[text=" \\n\\t "]]'])
		it(`an empty reply, or one of white space alone, becomes the same apology everywhere: ${directive}`, async () => {
			const stream = await banter.stream("sorry-stream", directive);
			const { type, message } = (await stream.rest()).at(-1);
			assert.equal(type, "done");
			assert.match(message, /\S.*\S/);
			const whole = (await banter.chat("sorry", directive)).json;
			assert.equal(whole.message, message);
			const messages = await banter.messages(whole.conversationId);
			assert.deepEqual(messages[1], ["assistant", message, "complete"]);
		});

	it("both key headers are accepted; x-api-key wins", async () => {
		for (const [status, headers] of [
			[200, { "x-api-key": WIDGET_KEY }],
			[200, { "x-widget-api-key": WIDGET_KEY }],
			[200, { "X-API-Key": WIDGET_KEY, "X-Widget-API-Key": "wrong" }],
			[401, { "x-api-key": "wrong", "x-widget-api-key": WIDGET_KEY }],
			[401, { "x-api-key": "", "x-widget-api-key": "wrong" }],
			[401, {}],
			[401, { "x-api-key": `${WIDGET_KEY}x` }],
			[401, { "x-api-key": WIDGET_KEY.slice(0, -1) }],
		]) {
			const body = { sessionId: "keys", message: "[[tokens=1]]" };
			const answer = await banter.request("POST", "/v1/chat", { headers, body });
			if (status === 200) assert.equal(answer.status, 200, answer.text);
			else assertError(answer, 401, "Unauthorized");
		}
	});

	it("difficult texts are returned exactly as sent", async () => {
		const text = [
			...["👩‍👩‍👧‍👦 and 🏴󠁧󠁢󠁳󠁣󠁴󠁿 and 🫱🏽‍🫲🏿", "日本語 العربية עברית ไทย हिन्दी Ελληνικά"],
			...[
				"e\u0301 a\u030a\u0323 Z\u0351\u036b\u0343",
				"one\ntwo\r\nthree\u2028four\u2029five\tsix",
			],
			`"quoted" \\ back \\" 'single' </script> <!-- {"type":"done"}`,
			"bell\u0007 null\u0000 escape\u001b[31m delete\u007f",
			"\u{10ffff} \ufffd \uffff \ufeff \ud7ff \ue000 \u{10000}",
		].join("x");
		const message = `[[echo]] x${text}x`;
		const events = await (await banter.stream("texts", message)).rest();
		assert.equal(events.at(-1).message, `x${text}x`);
		assert.equal(textOf(events), `x${text}x`);
		await assertStored(banter, "texts", [message, `x${text}x`]);
		assert.deepEqual((await banter.modelSaw()).at(-1), ["user", message]);
	});
});

describe("the history that the model sees", () => {
	it("has MAX_HISTORY_MESSAGES messages, including the new one", () => {
		const env = {
			MAX_HISTORY_MESSAGES: "3",
			SYSTEM_PROMPT: 'Say "yes".\nOften.',
			OPENAI_MODEL: "some/model:7b",
		};
		return withBanter({ env, workers: 1 }, async (banter) => {
			for (const n of ["1", "2", "3", "4"])
				await banter.chat("short", `[[text="reply ${n}"]] ${n}`);
			assert.deepEqual(await banter.modelSaw(), [
				["system", 'Say "yes".\nOften.'],
				["user", '[[text="reply 3"]] 3'],
				["assistant", "reply 3"],
				["user", '[[text="reply 4"]] 4'],
			]);
			const { path, headers, body } = await banter.model("last");
			assert.deepEqual([path, body.stream], ["/v1/chat/completions", true]);
			assert.equal(body.model, "some/model:7b");
			assert.match(headers["content-type"], /^application\/json/);
			assert.match(headers.accept, /text\/event-stream/);
		});
	});

	for (const [script, letter, tokens] of [
		["Latin", "a", 1 / 4],
		["Greek", "λ", 1 / 2],
		["Chinese", "字", 1],
	])
		it(`has at most MAX_HISTORY_TOKENS of ${script} letters, and always the newest message`, () =>
			withBanter({ env: { MAX_HISTORY_TOKENS: "1000" }, workers: 1 }, async (banter) => {
				const text = letter.repeat(400 / tokens - 20);
				for (const n of ["1", "2", "3", "4"]) await banter.chat("long", `[[text="${n}"]] ${text}`);
				const seen = (await banter.modelSaw()).map(([, said]) => said.at(-1) === letter);
				assert.deepEqual(seen.filter(Boolean).length, 2);
				const newest = letter.repeat(3900);
				await banter.chat("long", `[[text="last"]] ${newest}`);
				const last = (await banter.modelSaw()).slice(1);
				assert.equal(last.at(-1)[1], `[[text="last"]] ${newest}`);
				assert.equal(last.length, 1);
			}));

	it("is complete and in order for a long conversation of long messages", () =>
		withBanter(
			{ env: { MAX_HISTORY_MESSAGES: "1000", MAX_HISTORY_TOKENS: "0" }, workers: 1 },
			async (banter) => {
				const expected = [];
				let conversationId;
				for (let i = 0; i < 45; i++) {
					const message = `[[huge=20000]] ${i} ${"ß".repeat(3900)}`;
					const { status, json } = await banter.chat("long", message);
					assert.equal(status, 200);
					expected.push(["user", message], ["assistant", json.message]);
					conversationId = json.conversationId;
				}
				assert.deepEqual((await banter.modelSaw()).slice(1), expected.slice(0, -1));
				assert.deepEqual(said((await banter.thread(conversationId)).messages), expected);
			},
		));
});
