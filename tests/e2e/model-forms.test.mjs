// Replies and errors in the forms that real model servers and gateways send with status 200, and how long they want to
// be left alone. tests/unit/workerd/model/openai has all forms of a single event.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { describe, it } from "node:test";
import { assertError, textOf } from "./client.mjs";
import { ADMIN_KEY, withBanter } from "./harness.mjs";
import { AGENT, adminExpect } from "./organizations.mjs";
import { assertStored, KEY, storedMessages } from "./replies.mjs";
import { answer, ScriptedModel } from "./scripted-model.mjs";

const env = { OPENAI_BREAKER_FAILURES: "0" };
const APOLOGY = /^Sorry, I could not find an answer/;
const REFUSED = /^Sorry, I cannot answer that/;

/** A response with this status, type and body, with a length. */
const response = (type, body, status = "200 OK", headers = "") =>
	`HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const events = (body) => response("text/event-stream", body);
const json = (value) => response("application/json", JSON.stringify(value));
const data = (value) => `data: ${JSON.stringify(value)}\n\n`;
const delta = (delta, finish_reason = null) =>
	data({ choices: [{ index: 0, delta, finish_reason }] });
const text = (content) => delta({ content });
const completion = (message, more = {}) => ({
	object: "chat.completion",
	choices: [
		{ index: 0, message: { role: "assistant", ...message }, finish_reason: "stop", ...more },
	],
	usage: { prompt_tokens: 5, completion_tokens: 4 },
});

/** Runs body(banter, model) with a model that sends these bytes to each request, or what a function returns. */
async function withAnswer(bytes, body, settings = {}) {
	const script = (request) => {
		const result = typeof bytes === "function" ? bytes(request) : bytes;
		return Array.isArray(result) ? result : [result, "keep"];
	};
	await new ScriptedModel(script).run((model) =>
		withBanter({ workers: 1, env: { ...env, OPENAI_BASE_URL: model.url, ...settings } }, (banter) =>
			body(banter, model),
		),
	);
}

describe("a reply", () => {
	for (const [what, bytes, status, message] of [
		[
			"cut at the limit of tokens",
			events(`${text("half")}${delta({}, "length")}data: [DONE]\n\n`),
			"length",
			"half",
		],
		["cut at max_tokens", events(text("half") + delta({}, "max_tokens")), "length", "half"],
		[
			"cut by a filter",
			events(`${text("half")}${delta({}, "content_filter")}data: [DONE]\n\n`),
			"filtered",
			"half",
		],
		["cut by Google's filter", events(text("half") + delta({}, "SAFETY")), "filtered", "half"],
		[
			"of a filter alone",
			events(`${delta({}, "content_filter")}data: [DONE]\n\n`),
			"filtered",
			REFUSED,
		],
		[
			"of thoughts alone",
			events(delta({ reasoning_content: "hm" }) + delta({}, "length")),
			"length",
			APOLOGY,
		],
		["whose reason is 'eos'", events(text("all") + delta({}, "eos")), undefined, "all"],
		[
			"with a last event without its empty line",
			events(`${text("all")}data: [DONE]`),
			undefined,
			"all",
		],
		[
			"with a last event without a line end",
			events((text("all") + delta({}, "stop")).trimEnd()),
			undefined,
			"all",
		],
		[
			"with line ends of all kinds",
			events(`\ufeff: hi\r\ndata:${text("a").slice(6)}${text("ll")}data: [DONE]\r\n\r\n`),
			undefined,
			"all",
		],
		["in one piece", json(completion({ content: "all" })), undefined, "all"],
		[
			"in one piece, of parts",
			json(completion({ content: [{ type: "text", text: "all" }] })),
			undefined,
			"all",
		],
		[
			"in one piece, of a completion",
			json({ choices: [{ text: "all", finish_reason: "stop" }] }),
			undefined,
			"all",
		],
		[
			"in one piece, cut",
			json(completion({ content: "half" }, { finish_reason: "length" })),
			"length",
			"half",
		],
		[
			"in one piece, with another type",
			response("text/plain", JSON.stringify(completion({ content: "all" }))),
			undefined,
			"all",
		],
		[
			"of events with another type",
			response("application/json", `${text("all")}data: [DONE]\n\n`),
			undefined,
			"all",
		],
		[
			"of lines of JSON, as events would have them",
			response(
				"application/x-ndjson",
				(text("a") + text("ll") + delta({}, "stop"))
					.replaceAll("data: ", "")
					.replaceAll("\n\n", "\n"),
			),
			undefined,
			"all",
		],
		["with the status 201", answer("all").replace("200 OK", "201 Created"), undefined, "all"],
		[
			"between pings that are no JSON, and with an event at its end",
			events(`event: ping\ndata: ping\n\n${text("all")}event: done\ndata: bye\n\n`),
			undefined,
			"all",
		],
		[
			"with an error behind its end",
			events(text("all") + delta({}, "stop") + data({ error: { message: "late", code: 500 } })),
			undefined,
			"all",
		],
		["that ends with done", events(`${text("all")}data: {"done":true}\n\n`), undefined, "all"],
		[
			"cut by a limit that has another name",
			events(text("half") + delta({}, "FINISH_REASON_MAX_TOKENS")),
			"length",
			"half",
		],
		[
			"of events without a type",
			`HTTP/1.1 200 OK\r\n\r\n${text("all")}data: [DONE]\n\n`,
			undefined,
			"all",
		],
	])
		it(`${what} is read after one call`, () =>
			withAnswer(bytes, async (banter, model) => {
				const done = (await (await banter.stream("s", "hello")).rest()).at(-1);
				assert.equal(done.type, "done", JSON.stringify(done));
				assert.equal(done.status, status);
				if (message instanceof RegExp) assert.match(done.message, message);
				else assert.equal(done.message, message);
				await assertStored(banter, "s", ["hello", done.message, status ?? "complete"]);
				assert.equal(model.requests, 1);
			}));

	for (const [what, bytes] of [
		["none", text("half")],
		['"null"', text("half") + delta({}, "null")],
		["an unknown one", text("half") + delta({}, "banana")],
	])
		it(`that breaks off is interrupted if its reason is ${what}`, () =>
			withAnswer(
				[
					`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9999\r\n\r\n${bytes}`,
					"reset",
				],
				async (banter) => {
					const last = (await (await banter.stream("s", "hello")).rest()).at(-1);
					assert.deepEqual([last.type, last.code], ["error", "model_failed"]);
					assert.equal((await storedMessages(banter, "s")).at(-1)[2], "interrupted");
				},
			));
});

describe("thoughts in a model's text", () => {
	for (const [what, pieces] of [
		["in tags", ["<th", "ink>\nThe visitor is", " rude.\n</thi", "nk>\n\nWe open", " at 9."]],
		[
			"in a tag, before the answer in another",
			["<think>hm</think>\n<ans", "wer>We open", " at 9.</answer>"],
		],
		[
			"between marks of a template",
			["<|channel>thought\nhm<chan", "nel|>We open", " at 9.<|im_end|>"],
		],
		["in other tags", ["<Thinking deep='1'>hm</", "THINKING>We open", " at 9."]],
		[
			"in a channel",
			[
				"<|channel|>analysis<|mess",
				"age|>hm<|end|><|start|>assistant<|channel|>final<|message|>We open",
				" at 9.",
			],
		],
		[
			"without a tag that opens them, from a fast server",
			["The visitor is rude.\n</thi", "nk>\n\nWe open", " at 9."],
		],
	])
		it(`are not shown, stored or sent back: ${what}`, () => {
			const bodies = [];
			return withAnswer(
				({ body }) => {
					bodies.push(body);
					return answer(...pieces);
				},
				async (banter) => {
					const all = await (await banter.stream("s", "when?")).rest();
					assert.equal(textOf(all).trim(), "We open at 9.");
					assert.equal(all.at(-1).message, "We open at 9.");
					await assertStored(banter, "s", ["when?", "We open at 9."]);
					await banter.chat("s", "again");
					assert.match(bodies[1], /We open at 9\./);
					assert.doesNotMatch(bodies[1], /rude|hm/);
				},
			);
		});

	it("are text within code", () =>
		withAnswer(answer("Use `<think>` and\n```\n</th", "ink>\n```"), async (banter) => {
			const reply = await banter.chat("s", "how?");
			assert.equal(reply.json.message, "Use `<think>` and\n```\n</think>\n```");
		}));

	it("without a tag that opens them are held back once a reply of the model has shown it", async () => {
		const server = createServer(async (_, res) => {
			res.writeHead(200, { "content-type": "text/event-stream" });
			for (const piece of ["The visitor", " is rude.</th", "ink>We open", " at 9."]) {
				res.write(text(piece));
				await new Promise((done) => setTimeout(done, 100));
			}
			res.end("data: [DONE]\n\n");
		});
		await new Promise((done) => server.listen(0, "127.0.0.1", done));
		const OPENAI_BASE_URL = `http://127.0.0.1:${server.address().port}/v1`;
		try {
			await withBanter({ workers: 1, env: { ...env, OPENAI_BASE_URL } }, async (banter) => {
				const first = await (await banter.stream("s", "when?")).rest();
				assert.equal(first.at(-1).message, "We open at 9.");
				await assertStored(banter, "s", ["when?", "We open at 9."]);
				assert.equal(textOf(await (await banter.stream("t", "when?")).rest()), "We open at 9.");
				const noted = banter.log.lines.filter(({ ev }) => ev === "model_thinks_first");
				assert.equal(noted.length, 1);
			});
		} finally {
			server.closeAllConnections();
			server.close();
		}
	});
});

describe("a silent model", () => {
	/** Reads a stream's lines as open-chat-widget's bundle does, which skips empty ones. */
	async function read(banter, message) {
		const response = await fetch(`${banter.url}/v1/chat/stream`, {
			method: "POST",
			headers: { "content-type": "application/json", ...KEY },
			body: JSON.stringify({ sessionId: "s", message }),
		});
		const lines = (await response.text()).split("\n");
		const events = lines.filter((line) => line.trim()).map((line) => JSON.parse(line));
		return { status: response.status, empty: lines.length - 1 - events.length, events };
	}

	async function withSilence(then, body) {
		const server = createServer(async (_, res) => {
			await new Promise((done) => setTimeout(done, 1500));
			then(res);
		});
		await new Promise((done) => server.listen(0, "127.0.0.1", done));
		const OPENAI_BASE_URL = `http://127.0.0.1:${server.address().port}/v1`;
		const settings = { ...env, OPENAI_BASE_URL, EVENT_STREAM_SILENCE_MS: "300" };
		try {
			await withBanter({ workers: 1, env: settings }, body);
		} finally {
			server.closeAllConnections();
			server.close();
		}
	}

	it("does not leave a stream of lines silent: it gets its start, and empty lines", () =>
		withSilence(
			(res) => {
				res.writeHead(200, { "content-type": "text/event-stream" });
				res.end(`${text("all")}data: [DONE]\n\n`);
			},
			async (banter) => {
				const { status, empty, events } = await read(banter, "hello");
				assert.equal(status, 200);
				assert.ok(empty >= 1, `${empty} empty lines`);
				assert.deepEqual(
					events.map(({ type }) => type),
					["start", "token", "done"],
				);
				assert.equal(events[0].messageId, events.at(-1).messageId);
			},
		));

	it("that then fails ends the stream with an error, and a whole reply with its status", () =>
		withSilence(
			(res) => res.writeHead(400).end(),
			async (banter) => {
				const { status, events } = await read(banter, "hello");
				assert.equal(status, 200);
				assert.deepEqual(
					events.map(({ type }) => type),
					["start", "error"],
				);
				assert.equal(events[1].code, "model_failed");
				assertError(await banter.chat("t", "hello"), 502, undefined, "model_failed");
			},
		));
});

describe("a response without a reply", () => {
	for (const [what, bytes, status, cause] of [
		[
			"a web page",
			response("text/html; charset=utf-8", "<!doctype html><p>hello"),
			502,
			/web page.*\/v1/,
		],
		["a web page without its type", response("text/plain", "<html>"), 502, /web page/],
		["a text", response("text/plain", "no such group"), 502, /no such group/],
		["other JSON", json({ status: "ok" }), 502, /JSON.*\/v1/],
		[
			"lines of JSON",
			response("application/x-ndjson", '{"message":{"content":"a"}}\n{"done":true}\n'),
			502,
			/application\/x-ndjson/,
		],
		["an error", json({ error: { message: "wrong group", code: 403 } }), 502, /wrong group/],
		["an error as a text", json("wrong group"), 502, /wrong group/],
		["an error's detail", json({ detail: "wrong group" }), 502, /wrong group/],
		["a rate limit", json({ error: { message: "slow down", code: 429 } }), 503, /slow down/],
		[
			"a bill",
			json({ error: { message: "Insufficient balance", type: "billing" } }),
			502,
			/Insufficient balance/,
		],
	])
		it(`${what}: ${status} after one call, and the log names the cause`, () =>
			withAnswer(bytes, async (banter, model) => {
				assertError(await banter.chat("s", "hello"), status);
				assert.equal(model.requests, 1);
				assert.ok(
					banter.log.lines.some((line) => line.ev.startsWith("model_") && cause.test(line.detail)),
					JSON.stringify(banter.log.lines.filter((line) => line.ev.startsWith("model_"))),
				);
			}));
});

describe("an error in a stream, before the first token,", () => {
	for (const [what, bytes, status, calls] of [
		["a rate limit by number", data({ choices: [], error: { code: 429, message: "x" } }), 503, 3],
		["a rate limit by its text", data({ error: { code: "429", message: "x" } }), 503, 3],
		[
			"a rate limit by its type",
			data({ error: { type: "rate_limit_error", message: "x" } }),
			503,
			3,
		],
		[
			"an overload, behind a role",
			delta({ role: "assistant" }) + data({ error: "overloaded" }),
			503,
			3,
		],
		[
			"an event with the name error",
			`event: error\ndata: ${JSON.stringify({ code: 503 })}\n\n`,
			503,
			3,
		],
		["a text in an event with that name", "event: error\ndata: overloaded\n\n", 503, 3],
		[
			"vLLM's form",
			data({ object: "error", message: "x", type: "BadRequestError", code: 400 }),
			502,
			1,
		],
		["a server error", data({ error: { type: "server_error", message: "x" } }), 502, 3],
		[
			"MiniMax's form",
			data({ base_resp: { status_code: 1002, status_msg: "rate limit" } }),
			503,
			3,
		],
		["Baidu's form", data({ error_code: 336501, error_msg: "Rpm rate limit reached" }), 503, 3],
		["a status beside the error", data({ error: "slow down", status_code: 429 }), 503, 3],
		["an overload as the reason of the end", delta({ content: "" }, "overloaded_error"), 503, 3],
		["a failure as the reason of the end", delta({ content: "" }, "error"), 502, 3],
		["a spent quota", data({ error: { code: "insufficient_quota", message: "x" } }), 502, 1],
	])
		it(`${what}: ${status} after ${calls} call(s)`, () =>
			withAnswer(events(`: PROCESSING\n\n${bytes}`), async (banter, model) => {
				const failed = await banter.chat("s", "hello");
				assertError(failed, status);
				assert.equal(failed.headers["retry-after"] !== undefined, status === 503);
				assert.equal(model.requests, calls);
			}));

	it("is followed by the reply of the next call", () =>
		withAnswer(
			({ total }) =>
				total === 1 ? events(data({ error: { code: 429 } })) : answer("all", " well"),
			async (banter, model) => {
				const all = await (await banter.stream("s", "hello")).rest();
				assert.deepEqual(
					all.map(({ type }) => type),
					["start", "token", "token", "done"],
				);
				assert.equal(model.requests, 2);
			},
		));
});

describe("a model server", () => {
	const refused = (headers, status = "429 Too Many Requests", error = { message: "slow down" }) =>
		response("application/json", JSON.stringify({ error }), status, headers);

	for (const [headers, status, retryAfter] of [
		["retry-after-ms: 7000\r\n", "429 Too Many Requests", "7"],
		["Retry-After: 6.5\r\n", "429 Too Many Requests", "7"],
		["Retry-After: 7\r\n", "529 Overloaded", "7"],
		[
			"x-ratelimit-reset-requests: 7s\r\nx-ratelimit-remaining-requests: 0\r\n",
			"429 Too Many Requests",
			"7",
		],
		["x-ratelimit-reset-tokens: 1m10s\r\n", "429 Too Many Requests", "70"],
		[
			"x-ratelimit-reset-requests: 1h\r\nx-ratelimit-remaining-requests: 5\r\nx-ratelimit-reset-tokens: 7.5\r\n",
			"429 X",
			"8",
		],
	])
		it(`that says ${headers.trim().replaceAll("\r\n", ", ")} is left alone for so long`, () =>
			withAnswer(refused(headers, status), async (banter, model) => {
				const failed = await banter.chat("s", "hello");
				assertError(failed, 503, undefined, "model_busy");
				assert.equal(failed.headers["retry-after"], retryAfter);
				assert.equal(model.requests, 1);
			}));

	for (const error of [
		{ message: "x", details: [{ "@type": "RetryInfo", retryDelay: "6.5s" }] },
		{ message: "Rate limit reached. Please try again in 7s." },
		{ message: "slow", retry_after: 7 },
	])
		it(`that says ${JSON.stringify(error)} is left alone for so long`, () =>
			withAnswer(refused("", undefined, error), async (banter, model) => {
				const failed = await banter.chat("s", "hello");
				assertError(failed, 503, undefined, "model_busy");
				assert.equal(failed.headers["retry-after"], "7");
				assert.equal(model.requests, 1);
			}));

	it("is asked once if its account is empty, and the owner is told", () =>
		withAnswer(
			refused("", "429 Too Many Requests", {
				code: "insufficient_quota",
				message: "check your plan",
			}),
			async (banter, model) => {
				assertError(await banter.chat("s", "hello"), 502, undefined, "model_failed");
				assert.equal(model.requests, 1);
				assert.equal(await banter.metric('model_errors_total{kind="billing"}'), 1);
				assert.ok(
					banter.log.lines.some(({ ev, detail }) => ev === "model_unpaid" && /plan/.test(detail)),
				);
				const server = await banter.get("/v1/admin/server", { "x-admin-api-key": ADMIN_KEY });
				assert.ok(Math.abs(server.json.model_unpaid_at - Date.now()) < 60_000);
			},
		));

	it("whose filter refuses a message gives the visitor a sentence", () =>
		withAnswer(
			refused("", "400 Bad Request", { code: "content_filter", message: "triggered", status: 400 }),
			async (banter, model) => {
				const reply = await banter.chat("s", "hello");
				assert.equal(reply.status, 200);
				assert.match(reply.json.message, REFUSED);
				assert.equal((await storedMessages(banter, "s")).at(-1)[2], "filtered");
				assert.equal(model.requests, 1);
			},
		));
});

describe("a model that asks for a person", () => {
	const name = "hand_over";
	const call = (call) => delta(call) + delta({}, "stop");
	const spoken = (content) => text(content) + delta({}, "stop");

	for (const [what, bytes] of [
		["by a call without an index", call({ tool_calls: [{ function: { name, arguments: {} } }] })],
		["by one call in place of a list", call({ tool_calls: { function: { name } } })],
		["by a flat call", call({ tool_calls: [{ index: 0, name }] })],
		["by the older function_call", call({ function_call: { name, arguments: "{}" } })],
		[
			"in a namespace",
			call({ tool_calls: [{ index: 0, function: { name: `functions.${name}` } }] }),
		],
		["in Hermes' text", spoken(`\n<tool_call>\n{"name": "${name}"}\n</tool_call>`)],
		["in Mistral's text", spoken(`[TOOL_CALLS][{"name": "${name}", "arguments": {}}]`)],
		["in Llama's text", spoken(`<|python_tag|>{"name": "${name}", "parameters": {}}`)],
		[
			"in gpt-oss's text",
			spoken(`<|channel|>commentary to=functions.${name} <|message|>{}<|call|>`),
		],
	])
		it(`${what} is understood`, () =>
			withAnswer(events(text("One moment.") + bytes), async (banter) => {
				await adminExpect(banter, 200, "PUT", `agents/${AGENT}`, {
					escalation_instructions: "Refunds.",
					waiting_text: "Jane will come.",
				});
				const reply = await banter.chat("s", "hello");
				assert.equal(reply.json?.message, "One moment.\n\nJane will come.", reply.text);
			}));
});

describe("a conversation that has become too long", () => {
	const long = "x".repeat(1800);
	const lengthOf = (body) =>
		JSON.parse(body)
			.messages.map(({ content }) => content)
			.join("").length;

	for (const [what, refusal] of [
		[
			"in an error of the stream without a status",
			events(
				`event: error\n${data({ error: { message: "the model is loaded with context length of only 4096 tokens, which is not enough" } })}`,
			),
		],
		[
			"in words of its own",
			response(
				"application/json",
				JSON.stringify({ error: { code: "1261", message: "Prompt exceeds max length" } }),
				"400 Bad Request",
			),
		],
		[
			"as a text",
			response("text/plain", "Input tokens 9000 exceeds the maximum of 8192", "422 Invalid"),
		],
	])
		it(`goes on with a shorter history if the server says so ${what}`, () =>
			withAnswer(
				({ body }) => (lengthOf(body) > 6000 ? refusal : answer("fine")),
				async (banter) => {
					for (let i = 0; i < 5; i++) {
						const reply = await banter.chat("s", `${i} ${long}`);
						assert.equal(reply.json?.message, "fine", reply.text);
					}
				},
			));
});
