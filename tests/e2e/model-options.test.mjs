// Options of the model request, and the usage in its response.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError } from "./client.mjs";
import { withBanter } from "./harness.mjs";

async function tokensCounted(banter) {
	const { text } = await banter.get("/metrics");
	return ["prompt", "completion"].map((kind) =>
		Number(new RegExp(`^banter_tokens_total{kind="${kind}"} (\\d+)$`, "m").exec(text)[1]),
	);
}

describe("the model request", () => {
	it("contains only options that are set, and always asks for usage", () =>
		withBanter({ workers: 1 }, async (banter) => {
			assert.equal((await banter.chat("plain", "[[tokens=3]]")).status, 200);
			const { body } = await banter.model("last");
			assert.deepEqual(Object.keys(body).sort(), ["messages", "model", "stream", "stream_options"]);
			assert.deepEqual(body.stream_options, { include_usage: true });
		}));

	it("contains OPENAI_MAX_COMPLETION_TOKENS and OPENAI_TEMPERATURE as numbers", () =>
		withBanter(
			{ workers: 1, env: { OPENAI_MAX_COMPLETION_TOKENS: "2", OPENAI_TEMPERATURE: "0.25" } },
			async (banter) => {
				const answer = await banter.chat("bounded", "[[tokens=5]]");
				assert.equal(answer.json?.message, "t0 t1", "the model keeps to it");
				const { body } = await banter.model("last");
				assert.equal(body.max_completion_tokens, 2);
				assert.equal(body.temperature, 0.25);
			},
		));

	it("contains OPENAI_TEMPERATURE=0", () =>
		withBanter({ workers: 1, env: { OPENAI_TEMPERATURE: "0" } }, async (banter) => {
			await banter.chat("cold", "[[tokens=1]]");
			assert.equal((await banter.model("last")).body.temperature, 0);
		}));
});

describe("usage", () => {
	it("is counted as reported by the model, also over several replies", () =>
		withBanter({ workers: 1 }, async (banter) => {
			await banter.chat("one", "[[tokens=3]]");
			await banter.chat("two", "[[tokens=4]]");
			const [prompt, completion] = await tokensCounted(banter);
			assert.ok(prompt > 0);
			assert.equal(completion, 7);
			const done = banter.log.lines.filter((line) => line.ev === "turn_done");
			assert.deepEqual(
				done.map((line) => line.tokens),
				["3", "4"],
			);
		}));

	for (const status of [400, 422])
		it(`a server that rejects stream_options with ${status} is called without it from then on`, () =>
			withBanter(
				{ workers: 1, stub: ["--script", `no-stream-options=${status}`] },
				async (banter) => {
					const first = await banter.chat("first", "[[tokens=3]] first");
					assert.equal(first.json?.message, "t0 t1 t2", first.text);
					assert.equal((await banter.model("stats")).calls, 2);
					assert.equal((await banter.model("last")).body.stream_options, undefined);
					for (let i = 0; i < 3; i++)
						assert.equal((await banter.chat("later", "[[tokens=2]] later")).json?.message, "t0 t1");
					assert.equal((await banter.model("stats")).calls, 5, "it is remembered");
					assert.deepEqual((await tokensCounted(banter))[1], 0);
					const told = banter.log.lines.filter((line) => line.ev === "model_without_usage");
					assert.equal(told.length, 1);
					assert.equal(banter.log.lines.filter((line) => line.ev === "model_refused").length, 0);
				},
			));

	it("concurrent requests detect that together", () =>
		withBanter({ workers: 1, stub: ["--script", "no-stream-options=400"] }, async (banter) => {
			const answers = await Promise.all(
				Array.from({ length: 20 }, (_, i) => banter.chat(`crowd-${i}`, "[[tokens=3]]")),
			);
			for (const answer of answers) assert.equal(answer.json?.message, "t0 t1 t2", answer.text);
			const told = banter.log.lines.filter((line) => line.ev === "model_without_usage");
			assert.equal(told.length, 1);
		}));

	it("an error that only mentions stream_options does not disable usage", () =>
		withBanter({ workers: 1, env: { OPENAI_API_KEY: "sk-stream_options" } }, async (banter) => {
			assertError(await banter.chat("named", "[[fail=400 echo-key]]"), 502);
			assert.equal((await banter.model("stats")).calls, 2, "asked again without it, in vain");
			assert.equal((await banter.model("last")).body.stream_options, undefined);
			await banter.chat("named", "[[tokens=1]]");
			assert.ok((await banter.model("last")).body.stream_options);
			assert.deepEqual(
				banter.log.lines.filter((line) => line.ev === "model_without_usage"),
				[],
			);
		}));

	it("another 400 does not disable usage", () =>
		withBanter({ workers: 1 }, async (banter) => {
			assertError(await banter.chat("other", "[[fail=400]]"), 502);
			await banter.chat("other", "[[tokens=1]]");
			assert.ok((await banter.model("last")).body.stream_options);
		}));
});

describe("Retry-After", () => {
	const waits = [
		["retry-after=1", 900],
		["retry-after=2 retry-date", 900], // a date has whole seconds: up to one less
	];
	for (const [directives, leastMs] of waits)
		it(`${directives}: no request before that time`, () =>
			withBanter({ workers: 1 }, async (banter) => {
				const begun = performance.now();
				const answer = await banter.chat(
					"wait",
					`[[fail=429 fail-times=1 tokens=2 ${directives}]]`,
				);
				assert.equal(answer.json?.message, "t0 t1", answer.text);
				assert.ok(performance.now() - begun >= leastMs);
			}));

	it("a distant date is reported to the visitor", () =>
		withBanter({ workers: 1 }, async (banter) => {
			const answer = await banter.chat("far", "[[fail=429 retry-after=100 retry-date]] far");
			assertError(answer, 503, undefined, "model_busy");
			const seconds = Number(answer.headers["retry-after"]);
			assert.ok(seconds >= 90 && seconds <= 100, `${seconds} s`);
			assert.equal(await banter.modelCalls("far"), 1);
		}));
});

describe("a reply that is aborted before its first token", () => {
	for (const fault of ["cut-after=0", "cut-after=0 rst"])
		it(`${fault}: is requested again, and the visitor sees one start`, () =>
			withBanter({ workers: 1 }, async (banter) => {
				const stream = await banter.stream("early", `[[tokens=3 ${fault}]] early`);
				assert.equal(stream.status, 200);
				const events = await stream.rest();
				assert.deepEqual(
					events.map((event) => event.type),
					["start", "error"],
				);
				assert.equal(await banter.modelCalls("early"), 3);
				assert.deepEqual((await banter.messages(events[0].conversationId))[1], [
					"assistant",
					"",
					"interrupted",
				]);
			}));
});
