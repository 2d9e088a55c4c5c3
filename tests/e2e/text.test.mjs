// Text as models send it: invalid, split, in every server's format. Tokens, `done` and store always
// agree and are valid text.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import { assertError, textOf } from "./client.mjs";
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
	assert.deepEqual((await banter.messages(done.conversationId)).at(-1), [
		"assistant",
		done.message,
		"complete",
	]);
	return textOf(events);
}

describe("invalid text", () => {
	const banter = useBanter();

	const broken = {
		"a lone high surrogate": [raw`a\\ud83d b`, "a\ufffd b"],
		"a lone low surrogate": [raw`a\\ude00 b`, "a\ufffd b"],
		"a pair the wrong way round": [raw`\\ude00\\ud83d.`, "\ufffd\ufffd."],
		"a pair in two events": [raw`a\\ud83d|\\ude00b`, "a😀b"],
		"a pair in two events, and more in the first of them": [raw`😀\\ud83c|\\udf31`, "😀🌱"],
		"a high surrogate, and another pair": [raw`\\ud83d|\\ud83c\\udf31`, "\ufffd🌱"],
		"a high surrogate, and other text": [raw`a\\ud83d|b|c`, "a\ufffdbc"],
		"a high surrogate at the end": [raw`a|b\\ud83d`, "ab\ufffd"],
		"nothing but a high surrogate": [raw`\\ud83d`, "\ufffd"],
		"a character's bytes in two events": [raw`gr\xc3|\xbcn`, "grün"],
		"a character's bytes in four events": [raw`\xf0|\x9f|\x98|\x80.`, "😀."],
		"half a character's bytes, and other text": [raw`\xf0\x9f|b`, "\ufffdb"],
		"half a character's bytes at the end": [raw`a\xe2\x82`, "a\ufffd"],
		"surrogates as bytes": [raw`\xed\xa0\xbd|\xed\xb8\x80`, "😀"],
		"bytes that no text has": [raw`a \xff \xc0\x80 \x80|b`, "a \ufffd \ufffd\ufffd \ufffdb"],
		"a byte order mark, which is a character": [raw`a\xef\xbb\xbfb`, "a\ufeffb"],
		"control characters": [raw`\\u0000|\\u0001\\u007f|\x7f.`, "\0\x01\x7f\x7f."],
		"control characters beside what is broken": [raw`\\u0000\\u007f\x7f\xff`, "\0\x7f\x7f\ufffd"],
		"every escape": [raw`\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4`, '"\\/\b\f\n\r\tä'],
	};
	for (const [what, [pieces, text]] of Object.entries(broken))
		it(what, async () => {
			assert.equal(await reply(banter, `raw="${pieces}"`), text);
			assert.equal(await reply(banter, `raw="${pieces}" split=1`), text);
		});

	it("the stub model refuses ambiguous pieces", async () => {
		const guesses = [raw`raw=""`, raw`raw="a||b"`, raw`wire="a|"`, raw`raw="\q"`, raw`raw="\xfg"`];
		for (const words of guesses) {
			const from = banter.log.lines.length;
			assertError(await banter.chat("guess", `[[${words}]]`), 502);
			const line = await banter.log.waitFor("why", (one) => one.ev === "model_refused", from);
			assert.equal(line.status, "400", words);
		}
	});

	it("POST /v1/chat returns the same", async () => {
		const answer = await banter.chat("whole", raw`[[raw="a\\ud83d|\\ude00\xff|\\ud83d"]]`);
		assert.equal(answer.json.message, "a😀\ufffd\ufffd");
		assert.equal((await banter.messages(answer.json.conversationId))[1][1], "a😀\ufffd\ufffd");
	});

	it("the partial text of an interrupted reply is valid too", async () => {
		const stream = await banter.stream("cut", raw`[[raw="a\xff|b\\ud83d|c" cut-after=2]]`);
		const events = await stream.rest();
		assert.equal(events.at(-1).type, "error");
		assert.equal(textOf(events), "a\ufffdb");
		const messages = await banter.messages(events[0].conversationId);
		assert.deepEqual(messages.at(-1), ["assistant", "a\ufffdb", "interrupted"]);
	});

	it("half a character before an end without [DONE] ends the reply", async () => {
		const half = raw`data: {\"choices\":[{\"delta\":{\"content\":\"a\\ud83d\"}}]}\n\n`;
		const end = raw`data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n`;
		assert.equal(await reply(banter, `wire="${half}|${end}" cut-after=2`), "a\ufffd");
	});

	it("an invalid error message ends the reply, not the worker", async () => {
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
	const tail = { whole: "", half: event(raw`\ud83d`, null) };

	// A model that sends a reply of the maximum length, then what its key selects.
	const model = createServer((request, response) => {
		const [end, last] = request.headers.authorization.split(" ")[1].split("-");
		request.resume();
		response.writeHead(200, { "content-type": "text/event-stream" });
		for (let i = 0; i < 8; i++) response.write(event("x".repeat(LONGEST / 8), null));
		response.end(tail[end] + event("", '"stop"') + (last === "done" ? "data: [DONE]\n\n" : ""));
	});
	before(() => once(model.listen(0, "127.0.0.1"), "listening"));
	after(() => model.close());

	for (const [key, type, status] of [
		["whole-done", "done", "complete"],
		["whole-end", "done", "complete"],
		["half-done", "error", "interrupted"],
		["half-end", "error", "interrupted"],
	])
		it(`${key}: ends with ${type}`, async () => {
			const OPENAI_BASE_URL = `http://127.0.0.1:${model.address().port}/v1`;
			const env = { OPENAI_API_KEY: key, OPENAI_BASE_URL };
			await withBanter({ env, workers: 1 }, async (banter) => {
				const events = await (await banter.stream("long", "as long as it may be")).rest();
				assert.equal(events.at(-1).type, type);
				const messages = await banter.messages(events[0].conversationId);
				assert.deepEqual(messages.at(-1), ["assistant", "x".repeat(LONGEST), status]);
			});
		});
});

describe("the forms of an event stream", () => {
	const banter = useBanter();

	const forms = ["", "crlf", "cr", "bom", "comments", "lines", "no-space"];
	for (const form of [...forms, "bom crlf comments lines", "bom cr comments lines no-space"])
		it(`${form || "usual"}: a complete reply, also byte by byte`, async () => {
			for (const split of ["", "split=1", "split=3"]) {
				const words = ["unicode tokens=15", form, split].filter(Boolean).join(" ");
				assert.equal(await reply(banter, words), await reply(banter, "unicode tokens=15"));
			}
		});

	/** One event; its JSON is encoded for a directive. */
	const data = (json) =>
		raw`data: ${JSON.stringify(json).replace(/[\\"|]/g, (sign) => `\\${sign}`)}\n\n`;
	const choice = (delta, more) => data({ choices: [{ index: 0, delta, ...more }] });
	const servers = {
		Azure: [
			data({ choices: [], prompt_filter_results: [{ prompt_index: 0 }] }),
			choice({ role: "assistant", content: "" }),
			choice({ content: "Hel" }, { content_filter_results: { hate: { filtered: false } } }),
			choice({ content: "lo" }),
			data({ choices: [{ index: 0, content_filter_offsets: {}, finish_reason: null }] }),
		],
		OpenRouter: [
			raw`: OPENROUTER PROCESSING\n\n`,
			raw`: OPENROUTER PROCESSING\n\n`,
			choice(
				{ role: "assistant", content: "Hel", reasoning: null },
				{ native_finish_reason: null },
			),
			raw`: OPENROUTER PROCESSING\n\n`,
			choice({ content: "lo" }),
		],
		"a model that thinks": [
			choice({ reasoning_content: "Let me see" }),
			choice({ content: null, reasoning: "hm" }),
			choice({ content: [{ type: "thinking", thinking: "hm" }] }),
			choice({ content: [{ type: "text", text: "Hel" }] }),
			choice({ content: "lo" }),
		],
		"a model that refuses": [choice({ refusal: "Hel" }), choice({ content: null, refusal: "lo" })],
		"several answers": [
			data({ choices: [{ index: 1, delta: { content: "no" }, finish_reason: "stop" }] }),
			choice({ content: "Hel" }),
			data({
				choices: [
					{ index: 1, delta: { content: "no" } },
					{ index: 0, delta: { content: "lo" } },
				],
			}),
		],
		"empty events, other fields": [
			raw`data:\n\n`,
			raw`event: message\nid: 7\nretry: 10\n${choice({ content: "Hel" })}`,
			raw`event: ping\n\n`,
			raw`data: \ndata: \n\n`,
			choice({ content: "lo" }),
		],
		"tool calls": [
			choice({ content: null, tool_calls: [{ index: 0, function: { name: "f", arguments: "" } }] }),
			choice({ content: "Hello" }),
		],
	};
	for (const [server, events] of Object.entries(servers))
		it(`${server}: the text, and nothing else`, async () => {
			assert.equal(await reply(banter, `wire="${events.join("|")}"`), "Hello");
			assert.equal(await reply(banter, `wire="${events.join("|")}" split=5`), "Hello");
		});

	for (const [what, usage, tokens] of [
		["usage of strange types", '{"prompt_tokens":"1","completion_tokens":[]}', "0"],
		["usage in fractions", '{"prompt_tokens":3.0,"completion_tokens":7.0}', "7"],
		["usage beyond all bounds", '{"completion_tokens":99999999999999999999}', "4294967295"],
		["no usage", "null", "0"],
	])
		it(`${what}: the reply is complete`, async () => {
			const event = raw`data: {"choices":[],"usage":${usage}}\n\n`.replaceAll('"', '\\"');
			const from = banter.log.lines.length;
			const words = raw`wire="${choice({ content: "Hello" })}|${event}" no-usage`;
			assert.equal(await reply(banter, words), "Hello");
			const line = await banter.log.waitFor("its line", (one) => one.ev === "turn_done", from);
			assert.equal(line.tokens, tokens);
		});
});
