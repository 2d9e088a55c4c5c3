// Text as models send it, also invalid: tokens, `done` and store always agree and are valid text. Every form of an
// event and every split: tests/unit/workerd/model/openai; half characters and the longest reply:
// tests/unit/workerd/turn/{retry,limits}.scenario.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { textOf } from "./client.mjs";
import { useBanter } from "./harness.mjs";

const { raw } = String;

/** A surrogate without the other one of its pair. */
const HALF_CHARACTER = /\p{Surrogate}/u;

/** The reply to these directives as received by the client, in `done` and in the store. */
async function reply(banter, directives) {
	const stream = await banter.stream("text", `[[${directives}]]`);
	const events = await stream.rest(); // which refuses anything but valid UTF-8
	for (const { token = "" } of events) assert.doesNotMatch(token, HALF_CHARACTER);
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
		it(what, async () => {
			assert.equal(await reply(banter, `raw="${pieces}"`), text);
			assert.equal((await banter.chat("whole", `[[raw="${pieces}"]]`)).json.message, text.trim());
		});

	it("may be an invalid error message, which ends the reply, not the worker", async () => {
		const directives = raw`wire="data: {\"error\":{\"message\":\"no \\ud83d \xff\"}}\n\n"`;
		const events = await (await banter.stream("error", `[[${directives}]]`)).rest();
		assert.equal(events.at(-1).type, "error");
		const line = await banter.log.waitFor("the error", (one) => one.ev === "model_refused");
		assert.ok(line.text.includes("no \ufffd \ufffd"), line.text);
	});
});
