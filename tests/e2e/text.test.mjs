// Text as models send it: invalid, split, up to the maximum length. Tokens, `done` and store always agree and are
// valid text. The unit tests in tests/unit/workerd/model/openai have every form of an event.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import { textOf } from "./client.mjs";
import { useBanter, withBanter } from "./harness.mjs";

const { raw } = String;

/** The reply to these directives as received by the client, in `done` and in the store. */
async function reply(banter, directives) {
	const stream = await banter.stream("text", `[[${directives}]]`);
	const events = await stream.rest(); // which refuses anything but valid UTF-8
	for (const { token } of events) assert.ok(token === undefined || token.isWellFormed(), token);
	const done = events.at(-1);
	assert.equal(done.type, "done", JSON.stringify(done));
	assert.equal(done.message, textOf(events).trim());
	const messages = await banter.messages(done.conversationId);
	assert.deepEqual(messages.at(-1), ["assistant", done.message, "complete"]);
	return textOf(events);
}

describe("the model's text", () => {
	const banter = useBanter();

	for (const [what, pieces, text] of [
		["a lone surrogate of each kind", raw`a\\ud83d b\\ude00 c`, "a\ufffd b\ufffd c"],
		["a pair of surrogates in two events", raw`😀\\ud83c|\\udf31`, "😀🌱"],
		["a character's bytes in four events", raw`\xf0|\x9f|\x98|\x80.`, "😀."],
		["half a character, and other text", raw`\xf0\x9f|b`, "\ufffdb"],
		["half a character at the end", raw`a\xe2\x82`, "a\ufffd"],
		["nothing but half a pair", raw`\\ud83d`, "\ufffd"],
		["bytes that no text has", raw`a \xff \xc0\x80 \x80|b`, "a \ufffd \ufffd\ufffd \ufffdb"],
		["a byte order mark, which is a character", raw`a\xef\xbb\xbfb`, "a\ufeffb"],
		["control characters", raw`\\u0000|\\u0001\\u007f|\x7f.`, "\0\x01\x7f\x7f."],
		["every escape", raw`\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4`, '"\\/\b\f\n\r\tä'],
	])
		it(`${what}, whole and byte by byte`, async () => {
			assert.equal(await reply(banter, `raw="${pieces}"`), text);
			assert.equal(await reply(banter, `raw="${pieces}" split=1`), text);
			assert.equal((await banter.chat("whole", `[[raw="${pieces}"]]`)).json.message, text.trim());
		});

	it("has one meaning in all forms of an event stream, at every split", async () => {
		const text = await reply(banter, "unicode tokens=15");
		assert.match(text, /[\u{10000}-\u{10ffff}]/u);
		for (const form of ["", "crlf", "cr", "bom crlf comments lines", "bom cr comments no-space"])
			for (const split of ["", "split=1", "split=3"])
				assert.equal(await reply(banter, `unicode tokens=15 ${form} ${split}`), text, form);
	});

	it("is valid in the partial reply of an interrupted one too", async () => {
		const stream = await banter.stream("cut", raw`[[raw="a\xff|b\\ud83d|c" cut-after=2]]`);
		const events = await stream.rest();
		assert.equal(events.at(-1).type, "error");
		assert.equal(textOf(events), "a\ufffdb");
		const messages = await banter.messages(events[0].conversationId);
		assert.deepEqual(messages.at(-1), ["assistant", "a\ufffdb", "interrupted"]);
	});

	it("ends with half a character if the response ends without [DONE]", async () => {
		const half = raw`data: {\"choices\":[{\"delta\":{\"content\":\"a\\ud83d\"}}]}\n\n`;
		const end = raw`data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n`;
		assert.equal(await reply(banter, `wire="${half}|${end}" cut-after=2`), "a\ufffd");
	});

	it("may be an invalid error message, which ends the reply, not the worker", async () => {
		const directives = raw`wire="data: {\"error\":{\"message\":\"no \\ud83d \xff\"}}\n\n"`;
		const events = await (await banter.stream("error", `[[${directives}]]`)).rest();
		assert.equal(events.at(-1).type, "error");
		const line = await banter.log.waitFor("the error", (one) => one.ev === "model_error");
		assert.ok(line.text.includes("no \ufffd \ufffd"), line.text);
	});
});

describe("the longest reply", () => {
	const LONGEST = 512 * 1024; // bytes
	const event = (content, finish) =>
		`data: {"choices":[{"delta":{"content":"${content}"},"finish_reason":${finish}}]}\n\n`;
	const TAILS = { whole: "", half: event(raw`\ud83d`, null) };

	// A model that sends a reply of the maximum length, then what its key selects.
	const model = createServer((request, response) => {
		const [tail, last] = request.headers.authorization.split(" ")[1].split("-");
		request.resume();
		response.writeHead(200, { "content-type": "text/event-stream" });
		for (let i = 0; i < 8; i++) response.write(event("x".repeat(LONGEST / 8), null));
		response.end(TAILS[tail] + event("", '"stop"') + (last === "done" ? "data: [DONE]\n\n" : ""));
	});
	before(() => once(model.listen(0, "127.0.0.1"), "listening"));
	after(() => model.close());

	for (const [key, type, status] of [
		["whole-done", "done", "complete"],
		["whole-end", "done", "complete"],
		["half-done", "error", "interrupted"],
		["half-end", "error", "interrupted"],
	])
		it(`${key}: ends with ${type}`, () => {
			const OPENAI_BASE_URL = `http://127.0.0.1:${model.address().port}/v1`;
			const env = { OPENAI_API_KEY: key, OPENAI_BASE_URL };
			return withBanter({ env, workers: 1 }, async (banter) => {
				const events = await (await banter.stream("long", "as long as it may be")).rest();
				assert.equal(events.at(-1).type, type);
				const messages = await banter.messages(events[0].conversationId);
				assert.deepEqual(messages.at(-1), ["assistant", "x".repeat(LONGEST), status]);
			});
		});
});
