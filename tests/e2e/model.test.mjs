// Failures of the model, and what visitor and store receive.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError, textOf } from "./client.mjs";
import {
	freePort,
	numbered,
	TIME_FACTOR,
	times,
	until,
	useBanter,
	withBanter,
} from "./harness.mjs";
import {
	assertStored,
	begin,
	modelIsLeft,
	modelWasAsked,
	stop,
	storedMessages,
} from "./replies.mjs";

/** For events that never happen; on a busy machine others can take longer than this. */
const SHORT = 500 * TIME_FACTOR;

/** The end of a turn with this result in the log. */
const WHY = { 502: "model_down", 503: "model_busy", 504: "model_slow" };

/** The log line of a turn's end, which may follow the response. */
function endOf(banter, request) {
	const isEnd = (line) => line.ev === "turn_failed" && line.request === request;
	return banter.log.waitFor("the turn's end", isEnd);
}

const sessionOf = (text) => text.replace(/[^a-z0-9]/g, "-");

describe("a model", () => {
	// The breaker is off: model-breaker.test.mjs tests it.
	const env = { OPENAI_BREAKER_FAILURES: "0" };
	const withLimits = (limits) => useBanter({ workers: 1, env: { ...env, ...limits } });
	const banter = withLimits({});
	const hasty = withLimits({ OPENAI_FIRST_BYTE_TIMEOUT_MS: String(SHORT) });
	// The time to the first byte may be long, but not the silence within a response.
	const impatient = withLimits({ OPENAI_IDLE_TIMEOUT_MS: String(SHORT) });

	for (const [directives, status, retryAfter, attempts] of [
		["fail=401", 502, undefined, 1],
		["fail=400", 502, undefined, 1],
		["fail=404", 502, undefined, 1],
		["fail=500", 502, undefined, 3],
		["fail=408", 502, undefined, 3],
		["fail=close", 502, undefined, 3],
		["fail=close rst", 502, undefined, 3],
		["fail=429 retry-after=30", 503, "30", 1],
		["fail=503 retry-after=60", 503, "60", 1],
		["fail=hang", 504, undefined, 1],
		["fail=504", 504, undefined, 3],
	])
		it(`${directives}: ${status}, after ${attempts} attempt(s)`, async () => {
			const own = directives === "fail=hang" ? hasty : banter;
			const session = sessionOf(directives);
			const paths = ["/v1/chat", "/v1/chat/stream"];
			const texts = paths.map((path) => `[[${directives}]] by ${path}, ${directives}`);
			const answers = await times(2, (i) =>
				own.chat(`${session}-${i}`, texts[i], { path: paths[i] }),
			);
			for (const [i, answer] of answers.entries()) {
				assertError(answer, status);
				assert.equal(answer.headers["retry-after"], retryAfter);
				assert.doesNotMatch(answer.json.error, /openai|stub|key/i, "no internals are disclosed");
				await modelWasAsked(own, texts[i], attempts);
				const request = answer.headers["x-request-id"];
				const end = await endOf(own, request);
				assert.deepEqual([end.why, Number(end.attempts)], [WHY[status], attempts]);
				const isRefusal = (line) => line.request === request && line.ev === "model_refused";
				const sent = /^fail=(\d+)/.exec(directives)?.[1] ?? "0";
				const refusals = own.log.lines.filter(isRefusal).map((line) => [line.next, line.status]);
				const next = [...Array(attempts - 1).fill("retry"), "give up"];
				assert.deepEqual(
					refusals,
					next.map((word) => [word, sent]),
				);
			}
			await assertStored(own, `${session}-0`, [texts[0], "", "interrupted"]);
			if (own === hasty) return;
			// The conversation continues, and the model does not see the missing reply.
			const next = await own.chat(`${session}-0`, '[[text="better"]] next');
			assert.equal(next.json.message, "better");
			assert.deepEqual((await own.modelSaw()).slice(1), [
				["user", `${texts[0]}\n\n[[text="better"]] next`],
			]);
		});

	for (const fault of ["429 retry-after=0", "500", "503", "close", "close rst"])
		it(`fail=${fault}, twice: requested again each time, with one reply`, async () => {
			const session = sessionOf(`again-${fault}`);
			const text = `[[fail=${fault} fail-times=2 tokens=3]] ${session}`;
			const events = await (await banter.stream(session, text)).rest();
			assert.equal(textOf(events), "t0 t1 t2 ");
			assert.equal(events.filter(({ type }) => type === "start").length, 1);
			assert.equal(events.at(-1).type, "done");
			assert.equal(await banter.modelCalls(session), 3);
			await assertStored(banter, session, [text, "t0 t1 t2"]);
		});

	for (const [failure, event, why, status] of [
		["cut-after=3", "model_broke_off", "model_down", 502],
		["cut-after=3 rst", "model_broke_off", "model_down", 502],
		["hang-after=3", "model_broke_off", "model_slow", 504],
		["garbage-after=3", "model_error", "model_down", 502],
		["error-after=3", "model_error", "model_down", 502],
	])
		it(`${failure}: an error; the partial reply is kept as interrupted; one model request`, async () => {
			const own = failure.startsWith("hang") ? impatient : banter;
			const session = sessionOf(failure);
			const text = `[[tokens=9 ${failure}]] ${session}`;
			const stream = await own.stream(session, text);
			const events = await stream.rest();
			assert.equal(events[0].type, "start");
			assert.equal(textOf(events), "t0 t1 t2 ");
			assert.equal(events.at(-1).type, "error");
			assert.doesNotMatch(events.at(-1).error, /openai|stub/i);
			assert.ok(!events.some(({ type }) => type === "done"));
			assert.equal(stream.response.complete, true, "the response itself ends well");
			const request = stream.headers["x-request-id"];
			assert.equal((await endOf(own, request)).why, why);
			const lines = own.log.lines.filter((line) => line.request === request);
			assert.ok(lines.find((line) => line.ev === event)?.detail, "the log says what happened");
			assert.equal(await own.modelCalls(session), 1);
			assertError(await own.chat(`json-${session}`, text), status);
			for (const name of [session, `json-${session}`])
				await assertStored(own, name, [text, "t0 t1 t2", "interrupted"]);
			// The model sees the partial reply, so that "go on" works.
			assert.equal((await own.chat(session, "[[tokens=1]] go on")).status, 200);
			assert.deepEqual((await own.modelSaw()).at(-2), ["assistant", "t0 t1 t2"]);
		});

	for (const fault of ["cut-after=0", "cut-after=0 rst"])
		it(`${fault}: requested again three times, and the visitor sees one start`, async () => {
			const session = sessionOf(fault);
			const stream = await banter.stream(session, `[[tokens=3 ${fault}]] ${session}`);
			const types = (await stream.rest()).map(({ type }) => type);
			assert.deepEqual(types, ["start", "error"]);
			assert.equal(await banter.modelCalls(session), 3);
			const [, reply] = await storedMessages(banter, session);
			assert.deepEqual(reply, ["assistant", "", "interrupted"]);
			assertError(await banter.chat(session, `[[${fault}]]`), 502);
		});

	it("a reply that is stopped closes its connection", async () => {
		const { messageId } = await begin(banter, "stopped", "[[tokens=100000 delay=20]]", 3);
		const { json } = await modelIsLeft(banter, () => stop(banter, messageId, "stopped"));
		assert.equal(json.status, "stopped");
	});

	it("hundreds of concurrent replies are complete", async () => {
		const replies = await times(400, async (i) =>
			textOf(await (await banter.stream(`many-${i}`, "[[tokens=20 delay=20]]")).rest()),
		);
		assert.deepEqual(new Set(replies), new Set([`${numbered(20)} `]));
	});

	it("that is overloaded without Retry-After: 503 with our own Retry-After", async () => {
		const answer = await banter.chat("busy", "[[fail=429]] busy");
		assertError(answer, 503);
		assert.match(answer.headers["retry-after"], /^[1-9]\d*$/);
	});

	it("that is busy is asked again after its Retry-After", async () => {
		const since = performance.now();
		const answer = await banter.chat("wait", "[[fail=429 fail-times=1 tokens=2 retry-after=1]]");
		assert.equal(answer.json?.message, "t0 t1", answer.text);
		assert.equal(await banter.modelCalls("retry-after=1"), 2);
		assert.ok(performance.now() - since >= 900);
	});

	it("without end: OPENAI_TOTAL_TIMEOUT_MS ends the reply", () =>
		withBanter({ env: { OPENAI_TOTAL_TIMEOUT_MS: String(SHORT) }, workers: 1 }, async (own) => {
			const stream = await until("a reply that has begun by then", async () => {
				const one = await own.stream("endless", `[[tokens=100000 delay=${SHORT / 20}]]`);
				if (one.status === 200) return one;
				assertError(one, 504);
				return undefined;
			});
			const events = await stream.rest();
			assert.equal(events.at(-1).type, "error");
			const reply = ["assistant", textOf(events).trim(), "interrupted"];
			assert.deepEqual((await storedMessages(own, "endless")).at(-1), reply);
		}));

	it("at whose address nothing listens: 502, and it recovers", async () => {
		// Reserves this port meanwhile.
		const stub = ["--port", String(await freePort())];
		await withBanter({ workers: 1, stub }, async (own) => {
			await own.stub.stop();
			assertError(await own.chat("s", "[[tokens=1]]"), 502);
			own.stub.start();
			const isBack = async () => (await own.chat("s", "[[tokens=1]]")).status === 200;
			await until("the model is back", isBack);
		});
	});

	it("whose event or reply is over the maximum is cut, and the service continues", async () => {
		// Whole replies: a visitor who does not read a stream fast enough is disconnected.
		for (const [directives, code, status] of [
			["huge=3000000", 502, "interrupted"],
			["huge=20000 tokens=200", 200, "length"],
		]) {
			assert.equal((await banter.chat("beyond", `[[${directives}]]`)).status, code);
			assert.equal((await storedMessages(banter, "beyond")).at(-1)[2], status);
		}
		assert.equal((await banter.chat("within", "[[tokens=1 finish=length]]")).status, 200);
	});
});
