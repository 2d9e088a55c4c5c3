// Options of the model request, and the usage in its response.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError } from "./client.mjs";
import { times, withBanter } from "./harness.mjs";
import { answer, ScriptedModel } from "./scripted-model.mjs";

/** The prompt and completion tokens that are counted. */
const countedTokens = (banter) =>
	times(2, (i) => banter.metric(`tokens_total{kind="${["prompt", "completion"][i]}"}`));

const linesOf = (banter, ev) => banter.log.lines.filter((line) => line.ev === ev);
const lastBody = async (banter) => (await banter.model("last")).body;

describe("the model request", () => {
	for (const [env, options, reply] of [
		[{}, { max_completion_tokens: 4096 }, "t0 t1 t2 t3 t4"],
		[
			{ OPENAI_MAX_COMPLETION_TOKENS: "2", OPENAI_TEMPERATURE: "0.25" },
			{ max_completion_tokens: 2, temperature: 0.25 },
			"t0 t1",
		],
	])
		it(`asks for usage and contains the options in ${JSON.stringify(env)}`, () =>
			withBanter({ workers: 1, env }, async (banter) => {
				const answer = await banter.chat("s", "[[tokens=5]]");
				assert.equal(answer.json?.message, reply, answer.text);
				const { messages, model, stream, ...rest } = await lastBody(banter);
				assert.deepEqual(rest, { stream_options: { include_usage: true }, ...options });
			}));
});

describe("the address of the model server", () => {
	it("may have a query, and /chat/completions, which is not added twice", () =>
		new ScriptedModel(() => [answer("hi"), "keep"]).run((model) =>
			withBanter(
				{
					workers: 1,
					env: { OPENAI_BASE_URL: `${model.url}/chat/completions/?api-version=2024-10-21` },
				},
				async (banter) => {
					assert.equal((await banter.chat("s", "Hello")).json?.message, "hi");
					assert.match(model.heads[0], /^Accept-Encoding: identity\r$/im);
					assert.match(model.heads[0], /^POST \/v1\/chat\/completions\?api-version=2024-10-21 /);
				},
			),
		));
});

describe("usage", () => {
	it("is counted as reported by the model, also over several replies", () =>
		withBanter({ workers: 1 }, async (banter) => {
			await banter.chat("one", "[[tokens=3]]");
			await banter.chat("two", "[[tokens=4]]");
			const [prompt, completion] = await countedTokens(banter);
			assert.ok(prompt > 0);
			assert.equal(completion, 7);
			const counted = linesOf(banter, "turn_done").map(({ tokens }) => tokens);
			assert.deepEqual(counted, ["3", "4"]);
		}));

	for (const status of [400, 422])
		it(`a server that rejects stream_options with ${status} is called without it from then on`, () =>
			withBanter(
				{ workers: 1, stub: ["--script", `no-stream-options=${status}`] },
				async (banter) => {
					const first = await banter.chat("first", "[[tokens=3]] first");
					assert.equal(first.json?.message, "t0 t1 t2", first.text);
					assert.equal((await banter.model("stats")).calls, 2);
					assert.equal((await lastBody(banter)).stream_options, undefined);
					for (let i = 0; i < 3; i++)
						assert.equal((await banter.chat("later", "[[tokens=2]] later")).json?.message, "t0 t1");
					assert.equal((await banter.model("stats")).calls, 5, "it is remembered");
					assert.equal((await countedTokens(banter))[1], 0);
					assert.equal(linesOf(banter, "model_without_usage").length, 1);
					assert.equal(linesOf(banter, "model_refused").length, 0);
				},
			));

	it("concurrent requests detect that together", () =>
		withBanter({ workers: 1, stub: ["--script", "no-stream-options=400"] }, async (banter) => {
			for (const { json, text } of await times(20, (i) => banter.chat(`s-${i}`, "[[tokens=3]]")))
				assert.equal(json?.message, "t0 t1 t2", text);
			assert.equal(linesOf(banter, "model_without_usage").length, 1);
		}));

	for (const [what, directives, calls] of [
		["only mentions stream_options", "fail=400 echo-key", 2], // asked again without it, in vain
		["is another 400", "fail=400", 1],
	])
		it(`an error that ${what} does not disable it`, () =>
			withBanter({ workers: 1, env: { OPENAI_API_KEY: "sk-stream_options" } }, async (banter) => {
				assertError(await banter.chat("s", `[[${directives}]]`), 502);
				assert.equal((await banter.model("stats")).calls, calls);
				const { stream_options: last } = await lastBody(banter);
				assert.equal(last === undefined, calls === 2);
				await banter.chat("s", "[[tokens=1]]");
				assert.ok((await lastBody(banter)).stream_options);
				assert.deepEqual(linesOf(banter, "model_without_usage"), []);
			}));
});

describe("a model of the Responses API", () => {
	it("is asked there once the server says so, and from then on at once", () =>
		withBanter({ workers: 1, stub: ["--script", "only-responses=404"] }, async (banter) => {
			for (const calls of [2, 3]) {
				const reply = await banter.chat("s", "[[tokens=3]]");
				assert.equal(reply.json?.message, "t0 t1 t2", reply.text);
				assert.equal((await banter.model("stats")).calls, calls);
			}
			const { path, body } = await banter.model("last");
			assert.equal(path, "/v1/responses");
			assert.equal(body.store, false);
			assert.equal(linesOf(banter, "model_without_chat_completions").length, 1);
			assert.equal((await countedTokens(banter))[1], 6);
		}));

	it("is asked nowhere else with OPENAI_API=responses, and nowhere but in chats with chat", async () => {
		for (const [OPENAI_API, stub, status, path] of [
			["responses", [], 200, "/v1/responses"],
			["chat", ["--script", "only-responses=404"], 502, "/v1/chat/completions"],
		])
			await withBanter({ workers: 1, env: { OPENAI_API }, stub }, async (banter) => {
				assert.equal((await banter.chat("s", "[[tokens=1]]")).status, status);
				assert.equal((await banter.model("stats")).calls, 1);
				assert.equal((await banter.model("last")).path, path);
			});
	});

	for (const [directives, status, text] of [
		["tokens=2 finish=length", "length", "t0 t1 "],
		["tokens=2 finish=content_filter", "filtered", "t0 t1 "],
		["unicode tokens=15", undefined, undefined],
		["empty", undefined, undefined],
	])
		it(`its reply to ${directives} is that of chat completions`, async () => {
			const replies = [];
			for (const OPENAI_API of ["chat", "responses"])
				await withBanter({ workers: 1, env: { OPENAI_API } }, async (banter) => {
					const { json } = await banter.chat("s", `[[${directives}]]`);
					replies.push({ message: json?.message, status: json?.status });
				});
			assert.deepEqual(replies[1], replies[0]);
			if (status) assert.deepEqual(replies[1], { message: text.trim(), status });
		});

	it("an error within its stream is one of chat completions", async () => {
		for (const OPENAI_API of ["chat", "responses"])
			await withBanter({ workers: 1, env: { OPENAI_API } }, async (banter) => {
				assertError(await banter.chat("s", "[[tokens=3 error-after=1]]"), 502);
				assertError(await banter.chat("s", "[[tokens=3 cut-after=1]]"), 502);
			});
	});
});
