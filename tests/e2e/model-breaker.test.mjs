// The circuit breaker: a model that fails repeatedly is not called for a while, then tried again.
// tests/unit/workerd/model/test_breaker.c has its states.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError } from "./client.mjs";
import { TIME_FACTOR, until, useBanter, withBanter } from "./harness.mjs";
import { modelWasAsked, storedMessages } from "./replies.mjs";
import { answer, ScriptedModel } from "./scripted-model.mjs";

const FAILURES = 6;
const OPEN_MS = 3_600_000; // longer than any test: it stays open
const env = {
	OPENAI_BREAKER_FAILURES: String(FAILURES),
	OPENAI_BREAKER_OPEN_MS: String(OPEN_MS),
};
/** Only for servers that never respond: on a busy machine others would time out too. */
const SHORT = { OPENAI_FIRST_BYTE_TIMEOUT_MS: String(300 * TIME_FACTOR) };

/** The breaker's state changes in the log. */
function changes(banter) {
	return banter.log.lines.filter((line) => line.ev === "model_breaker").map((line) => line.state);
}

/**
 * Fails until the breaker opens, with at most three attempts per message; resolves to the number of messages.
 */
async function open(banter, directives = "fail=500") {
	for (let i = 1; i <= 10; i++) {
		await banter.chat("opens", `[[${directives}]] opens`);
		if ((await banter.metric("model_breaker_opened_total")) > 0) return i;
	}
	assert.fail("it stays closed");
}

describe("the breaker", () => {
	for (const [directives, messages, limits] of [
		["fail=500", 2],
		["fail=503", 2],
		["fail=429", 2],
		["fail=408", 2],
		["fail=close", 2],
		["fail=hang", 6, SHORT],
	])
		it(`${directives}: opens after six failures; then 503 at once without a model request`, () =>
			withBanter({ workers: 1, env: { ...env, ...limits } }, async (banter) => {
				assert.equal(await open(banter, directives), messages);
				await modelWasAsked(banter, "opens", FAILURES);
				for (const path of ["/v1/chat", "/v1/chat/stream"]) {
					const refused = await banter.chat("refused", "[[tokens=1]] refused", { path });
					assertError(refused, 503, undefined, "model_unavailable");
					const seconds = Number(refused.headers["retry-after"]);
					assert.ok(seconds >= 1 && seconds <= Math.ceil(OPEN_MS / 1000), `${seconds} s`);
				}
				assert.equal(await banter.modelCalls("refused"), 0);
				assert.equal(await banter.metric("model_breaker_open"), 1);
				assert.equal(await banter.metric("model_breaker_opened_total"), 1);
				assert.equal(await banter.metric("model_breaker_refusals_total"), 2);
				assert.equal(await banter.metric('turns_total{outcome="model_unavailable"}'), 2);
				// The visitor's message is stored anyway.
				const [message, reply] = await storedMessages(banter, "refused");
				assert.deepEqual(message, ["user", "[[tokens=1]] refused", "complete"]);
				assert.deepEqual(reply, ["assistant", "", "interrupted"]);
			}));

	it("lets one request pass after a while: its failure opens it again, a success closes it", async () => {
		// Fails until the breaker opens, holds the next request until it shall fail too, then answers.
		const model = new ScriptedModel(({ total }) => {
			if (total <= FAILURES) return ["", "close"];
			return total === FAILURES + 1 ? ["", "keep"] : [answer("well"), "keep"];
		});
		await model.run(({ url }) => {
			const briefly = { ...env, OPENAI_BREAKER_OPEN_MS: "1500", OPENAI_BASE_URL: url };
			return withBanter({ workers: 1, env: briefly }, async (banter) => {
				await open(banter);
				const probed = until("a request passes", () => model.requests > FAILURES);
				let probe;
				do {
					probe = banter.chat("probe", "probe");
					await Promise.race([probe, probed]);
				} while (model.requests <= FAILURES);
				const meanwhile = await banter.chat("meanwhile", "meanwhile");
				assertError(meanwhile, 503, undefined, "model_unavailable");
				assert.equal(meanwhile.headers["retry-after"], "1");
				assert.equal(model.requests, FAILURES + 1);
				for (const socket of model.sockets) socket.destroy();
				// Its next attempt passes only if it is late enough to be a probe.
				const { status } = await probe;
				assert.ok([200, 503].includes(status), `${status}`);
				await until("it recovers", async () => (await banter.chat("end", "end")).status === 200);
				const states = ["open", "half_open", "open", "half_open", "closed"];
				assert.deepEqual(changes(banter), states);
				assert.equal(await banter.metric("model_breaker_open"), 0);
			});
		});
	});

	const banter = useBanter({ workers: 1, env });

	it("ignores errors of the request: 400, 401, 403, 404 and 422", async () => {
		for (const status of [400, 401, 403, 404, 422])
			for (let i = 0; i < 8; i++)
				assertError(await banter.chat("fault", `[[fail=${status}]] fault`), 502);
		assert.deepEqual(changes(banter), []);
	});

	it("ignores interrupted replies and non-consecutive failures", async () => {
		for (let i = 0; i < 7; i++) {
			await banter.chat("cut", "[[tokens=3 cut-after=2]]");
			if (i < 5) await banter.chat("between", `[[fail=500 fail-times=1 tokens=1]] x${i}`);
		}
		assert.deepEqual(changes(banter), []);
		assert.equal((await banter.chat("fault", "[[tokens=1]]")).status, 200);
	});
});
