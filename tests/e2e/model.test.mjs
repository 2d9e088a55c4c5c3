// Failures of the model, and what visitor and store receive.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError, textOf } from "./client.mjs";
import { freePort, TIME_FACTOR, until, useBanter, withBanter } from "./harness.mjs";
import { history, stop } from "./replies.mjs";

/** For events that never happen; on a busy machine others can take longer than this. */
const SHORT = 500 * TIME_FACTOR;

/** The end of a turn with this result in the log. */
const WHY = { 502: "model_down", 503: "model_busy", 504: "model_slow" };

/** The log line of a turn's end, which may follow the response. */
function endOf(banter, request) {
	return banter.log.waitFor(
		"the turn's end",
		(line) => line.ev === "turn_failed" && line.request === request,
	);
}

describe("before the first byte", () => {
	// The breaker is off here; model-breaker.test.mjs tests it.
	const OPENAI_BREAKER_FAILURES = "0";
	const banter = useBanter({ env: { OPENAI_BREAKER_FAILURES } });
	const hasty = useBanter({
		env: { OPENAI_BREAKER_FAILURES, OPENAI_FIRST_BYTE_TIMEOUT_MS: String(SHORT) },
	});

	const failures = [
		// directives, status, Retry-After, number of model requests
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
	];
	for (const [directives, status, retryAfter, attempts] of failures) {
		it(`${directives}: ${status}, after ${attempts} attempt(s)`, async () => {
			const hangs = directives === "fail=hang";
			const own = hangs ? hasty : banter;
			const session = directives.replace(/[^a-z0-9]/g, "-");
			const texts = ["/v1/chat", "/v1/chat/stream"].map(
				(path) => `[[${directives}]] by ${path}, ${directives}`,
			);
			const [whole, stream] = await Promise.all([
				own.chat(`${session}-json`, texts[0]),
				own.stream(`${session}-stream`, texts[1]),
			]);
			for (const answer of [whole, stream]) {
				assertError(answer, status);
				assert.equal(answer.headers["retry-after"], retryAfter);
				assert.doesNotMatch(answer.json.error, /openai|stub|key/i, "inner matters stay inside");
			}
			// A cancelled request may not have been read by then.
			for (const text of texts)
				await until("it was asked", async () => {
					const calls = await own.modelCalls(text);
					assert.ok(calls <= attempts, `${calls} times`);
					return calls === attempts;
				});
			for (const answer of [whole, stream]) {
				const request = answer.headers["x-request-id"];
				const end = await endOf(own, request);
				const lines = own.log.lines.filter((line) => line.request === request);
				const refused = lines.filter((line) => line.ev === "model_refused");
				assert.deepEqual(
					refused.map((line) => line.next),
					[...Array(attempts - 1).fill("retry"), "give up"],
				);
				const told = Number(/^fail=(\d+)/.exec(directives)?.[1] ?? 0);
				for (const line of refused) assert.equal(Number(line.status), told);
				assert.equal(end.why, WHY[status]);
				assert.equal(Number(end.attempts), attempts);
			}
			const { conversation, messages } = await own.threadOf(`${session}-json`);
			assert.deepEqual(
				messages.map(({ role, content, status: state }) => [role, content, state]),
				[
					["user", texts[0], "complete"],
					["assistant", "", "interrupted"],
				],
			);
			if (hangs) return;
			// The conversation continues, and the model does not see the missing reply.
			const next = await banter.chat(`${session}-json`, `[[text="better"]] next`);
			assert.equal(next.json.message, "better");
			assert.equal(next.json.conversationId, conversation._id);
			assert.deepEqual((await banter.modelSaw()).slice(1), [
				["user", texts[0]],
				["user", `[[text="better"]] next`],
			]);
		});
	}

	it("overloaded without Retry-After: 503 with our own Retry-After", async () => {
		const answer = await banter.chat("busy", "[[fail=429]] busy");
		assertError(answer, 503);
		assert.match(answer.headers["retry-after"], /^[1-9]\d*$/);
	});

	for (const fault of [
		"fail=429 retry-after=0",
		"fail=429 retry-after=1",
		"fail=500",
		"fail=503",
		"fail=close",
		"fail=close rst",
	])
		for (const times of [1, 2])
			it(`${fault}, ${times} time(s): requested again, with one reply`, async () => {
				const session = `again-${fault}-${times}`.replace(/[^a-z0-9]/g, "-");
				const text = `[[${fault} fail-times=${times} tokens=3]] ${session}`;
				const events = await (await banter.stream(session, text)).rest();
				assert.equal(textOf(events), "t0 t1 t2 ");
				assert.equal(events.filter((event) => event.type === "start").length, 1);
				assert.equal(events.at(-1).type, "done");
				assert.equal(await banter.modelCalls(session), times + 1);
				assert.deepEqual(await banter.messages(events[0].conversationId), [
					["user", text, "complete"],
					["assistant", "t0 t1 t2", "complete"],
				]);
			});
});

describe("a slow model", () => {
	it("delays no other request", async () => {
		// One worker without an open connection to the model.
		await withBanter({ workers: 1 }, async (banter) => {
			const slow = banter.chat("slow", "[[fail=hang]] slow");
			await until("the model was asked", async () => (await banter.modelCalls("slow")) === 1);
			const quick = await Promise.all(
				Array.from({ length: 5 }, (_, i) => banter.chat(`quick-${i}`, "[[tokens=3]]")),
			);
			for (const answer of quick) assert.equal(answer.json?.message, "t0 t1 t2", answer.text);
			// They did not wait for the slow one, which is still running.
			const { active } = (await history(banter, "slow")).json;
			assert.equal((await stop(banter, active, "slow")).json.status, "stopped");
			assert.equal((await slow).json.status, "stopped");
		});
	});
});

describe("after the first byte", () => {
	const banter = useBanter();
	// The time to the first byte may be long, but not the silence within a response.
	const hasty = useBanter({ env: { OPENAI_IDLE_TIMEOUT_MS: String(SHORT) } });
	const served = (failure) => (failure.startsWith("hang") ? hasty : banter);

	const failures = {
		"cut-after=3": ["model_broke_off", "model_down"],
		"cut-after=3 rst": ["model_broke_off", "model_down"],
		"hang-after=3": ["model_broke_off", "model_slow"],
		"garbage-after=3": ["model_error", "model_down"],
		"error-after=3": ["model_error", "model_down"],
	};
	for (const [failure, [event, why]] of Object.entries(failures))
		it(`${failure}: an error event; the partial reply is kept as interrupted; one model request`, async () => {
			const own = served(failure);
			const session = failure.replace(/[^a-z0-9]/g, "-");
			const text = `[[tokens=9 ${failure}]] ${session}`;
			const stream = await own.stream(session, text);
			assert.equal(stream.status, 200);
			const events = await stream.rest();
			assert.equal(events[0].type, "start");
			assert.equal(textOf(events), "t0 t1 t2 ");
			const last = events.at(-1);
			assert.equal(last.type, "error");
			assert.equal(typeof last.error, "string");
			assert.doesNotMatch(last.error, /openai|stub/i);
			assert.equal(events.filter((event) => event.type === "done").length, 0);
			assert.equal(stream.response.complete, true, "the answer itself ends well");
			const request = stream.headers["x-request-id"];
			assert.equal((await endOf(own, request)).why, why);
			const lines = own.log.lines.filter((line) => line.request === request);
			assert.ok(lines.find((line) => line.ev === event)?.detail, "the log says what happened");
			assert.equal(await own.modelCalls(session), 1);
			const messages = await own.messages(events[0].conversationId);
			assert.deepEqual(messages, [
				["user", text, "complete"],
				["assistant", "t0 t1 t2", "interrupted"],
			]);
			// The model sees the partial reply, so that "go on" works.
			assert.equal((await own.chat(session, "[[tokens=1]] go on")).status, 200);
			assert.deepEqual((await own.modelSaw()).at(-2), ["assistant", "t0 t1 t2"]);
		});

	it("POST /v1/chat returns 502 or 504 and keeps the partial reply too", async () => {
		for (const [failure, status] of [
			["cut-after=2", 502],
			["error-after=2", 502],
			["hang-after=2", 504],
		]) {
			const own = served(failure);
			const session = `json-${failure.replace("=", "-")}`;
			assertError(await own.chat(session, `[[tokens=9 ${failure}]]`), status);
			const { messages } = await own.threadOf(session);
			assert.deepEqual([messages[1].content, messages[1].status], ["t0 t1", "interrupted"]);
		}
	});

	it("OPENAI_TOTAL_TIMEOUT_MS ends an endless reply", async () => {
		const env = { OPENAI_TOTAL_TIMEOUT_MS: String(SHORT) };
		await withBanter({ env, workers: 1 }, async (short) => {
			const stream = await until("a reply that has begun by then", async () => {
				const one = await short.stream("endless", `[[tokens=100000 delay=${SHORT / 20}]]`);
				if (one.status === 200) return one;
				assertError(one, 504);
				return undefined;
			});
			const events = await stream.rest();
			assert.equal(events.at(-1).type, "error");
			const messages = await short.messages(events[0].conversationId);
			assert.deepEqual(messages.at(-1), ["assistant", textOf(events).trim(), "interrupted"]);
		});
	});

	it("nothing listens at the model's address: 502, and it recovers", async () => {
		// Reserves this port meanwhile.
		const stub = ["--port", String(await freePort())];
		await withBanter({ workers: 1, stub }, async (alone) => {
			await alone.stub.stop();
			const answer = await alone.chat("alone", "[[tokens=1]]");
			assertError(answer, 502);
			alone.stub.start();
			await until(
				"the model is back",
				async () => (await alone.chat("alone", "[[tokens=1]]")).status === 200,
			);
		});
	});
});

describe("unusual but valid responses", () => {
	const banter = useBanter();

	const odd = {
		"CRLF line ends": "tokens=5 crlf",
		"one byte a packet": "tokens=5 split=1",
		"seven bytes a packet, CRLF": "tokens=5 split=7 crlf",
		"no usage": "tokens=5 no-usage",
		"finish_reason length": "tokens=5 finish=length",
	};
	for (const [what, directives] of Object.entries(odd))
		it(`${what}: a complete reply`, async () => {
			const events = await (await banter.stream("odd", `[[${directives}]]`)).rest();
			assert.equal(textOf(events), "t0 t1 t2 t3 t4 ");
			assert.equal(events.at(-1).message, "t0 t1 t2 t3 t4");
		});

	for (const size of [5_000, 100_000, 400_000])
		it(`a single token of ${size} bytes arrives complete`, async () => {
			const events = await (await banter.stream("huge", `[[huge=${size}]]`)).rest();
			const done = events.at(-1);
			assert.equal(done.type, "done");
			assert.equal(done.message.length, size);
			assert.match(done.message, /^[a-z]+$/);
			assert.equal(textOf(events), done.message);
			const messages = await banter.messages(done.conversationId);
			assert.equal(messages.at(-1)[1], done.message);
		});

	it("a reply over the maximum ends with an error, and the service continues", async () => {
		for (const directives of ["huge=3000000", "huge=20000 tokens=200"]) {
			const events = await (await banter.stream("beyond", `[[${directives}]]`)).rest();
			assert.equal(events.at(-1).type, "error");
			const messages = await banter.messages(events[0].conversationId);
			assert.equal(messages.at(-1)[2], "interrupted");
		}
		assert.equal((await banter.chat("within", "[[tokens=1]]")).status, 200);
	});

	it("invalid UTF-8 from the model is not forwarded", async () => {
		const stream = await banter.stream("utf8", "[[tokens=4 invalid-utf8-after=2]]");
		const events = await stream.rest(); // which refuses anything but valid UTF-8
		const done = events.at(-1);
		assert.equal(done.type, "done");
		assert.match(done.message, /^t0 t1 .*\ufffd.*t\d/su);
		const messages = await banter.messages(done.conversationId);
		assert.equal(messages[1][1], done.message);
	});
});
