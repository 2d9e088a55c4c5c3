// Text as models send it: invalid, split, up to the maximum length. Tokens, `done` and store always agree and are
// valid text. The unit tests in tests/unit/workerd/model/openai have every form of an event.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { textOf } from "./client.mjs";
import { useBanter, withBanter } from "./harness.mjs";
import { ScriptedModel } from "./scripted-model.mjs";

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
		["a character's bytes in four events", raw`\xf0|\x9f|\x98|\x80.`, "😀."],
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

describe("a reply of the maximum length", () => {
	const MAX = 512 * 1024; // bytes
	const event = (content, finish = null) =>
		`data: {"choices":[{"delta":{"content":"${content}"},"finish_reason":${finish}}]}\n\n`;
	const text = event("x".repeat(MAX / 8)).repeat(8);
	const half = event(raw`\ud83d`); // becomes a character
	const end = event("", '"stop"');
	const done = "data: [DONE]\n\n";

	for (const [what, last, status] of [
		["that ends with [DONE] is complete", end + done, "complete"],
		["that ends without [DONE] is complete", end, "complete"],
		["and half a character before [DONE] is cut", half + end + done, "length"],
		["and half a character is cut", half + end, "length"],
	])
		it(what, () => {
			const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
			return new ScriptedModel(() => [head + text + last, "close"]).run((model) =>
				withBanter({ env: { OPENAI_BASE_URL: model.url }, workers: 1 }, async (banter) => {
					const events = await (await banter.stream("long", "hello")).rest();
					assert.equal(events.at(-1).type, "done");
					assert.equal(events.at(-1).status ?? "complete", status);
					const messages = await banter.messages(events[0].conversationId);
					assert.deepEqual(messages.at(-1), ["assistant", "x".repeat(MAX), status]);
				}),
			);
		});
});
