// The two clients for a model over http: our own for numeric addresses, libcurl for names. Both
// must behave alike; model.test.mjs has every failure, with the client for the stub's address.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError, textOf } from "./client.mjs";
import { freePort, TIME_FACTOR, until, WIDGET_KEY, withBanter } from "./harness.mjs";

/** Only for events that never happen; on a busy machine others can take longer. */
const SHORT = String(500 * TIME_FACTOR);

/** Asserts that a reply with this failure after its third token ends in an error. */
async function assertCut(banter, directives) {
	const session = directives.replace(/\W/g, "-");
	const stream = await banter.stream(session, `[[tokens=9 ${directives}]]`);
	const events = await stream.rest();
	assert.equal(textOf(events), "t0 t1 t2 ");
	assert.equal(events.at(-1).type, "error");
}

for (const host of ["127.0.0.1", "localhost"])
	describe(`a model at ${host}`, () => {
		/** One worker, so that connections can be counted. */
		const withModel = async (limits, body) => {
			const port = await freePort();
			const env = {
				...limits,
				OPENAI_BASE_URL: `http://${host}:${port}/v1`,
				OPENAI_BREAKER_FAILURES: "0",
			};
			await withBanter({ env, workers: 1, stub: ["--port", String(port)] }, body);
		};

		it("is called repeatedly over one connection", async () => {
			await withModel({}, async (banter) => {
				const { accepted } = await banter.model("stats");
				for (let i = 0; i < 10; i++) {
					const events = await (await banter.stream(`s-${i}`, "[[tokens=3]]")).rest();
					assert.equal(textOf(events), "t0 t1 t2 ");
				}
				// The other one is this test's own request.
				assert.equal((await banter.model("stats")).accepted - accepted, 2);
			});
		});

		it("has the same failures", async () => {
			await withModel({}, async (banter) => {
				for (const [directives, status] of [
					["fail=401", 502],
					["fail=429 retry-after=30", 503],
					["fail=close", 502],
					["cut-after=0", 502],
				])
					assertError(
						await banter.chat(directives.replace(/\W/g, "-"), `[[${directives}]]`),
						status,
					);
				for (const directives of ["cut-after=3", "cut-after=3 rst"])
					await assertCut(banter, directives);
			});
			await withModel({ OPENAI_IDLE_TIMEOUT_MS: SHORT }, (banter) =>
				assertCut(banter, "hang-after=3"),
			);
			await withModel({ OPENAI_FIRST_BYTE_TIMEOUT_MS: SHORT }, async (banter) =>
				assertError(await banter.chat("hang", "[[fail=hang]]"), 504),
			);
		});

		it("notices that a reply was stopped", async () => {
			await withModel({}, async (banter) => {
				const stream = await banter.stream("stopped", "[[tokens=100000 delay=5]]");
				const { messageId } = await stream.next();
				const answer = await banter.request("POST", `/v1/chat/${messageId}/stop`, {
					headers: { "x-api-key": WIDGET_KEY },
					body: { sessionId: "stopped" },
				});
				assert.equal(answer.json?.status, "stopped", answer.text);
				await until(
					"the model sees its client go",
					async () => (await banter.model("stats")).client_disconnects === 1,
				);
			});
		});

		it("serves hundreds of concurrent replies", async () => {
			await withModel({}, async (banter) => {
				const replies = await Promise.all(
					Array.from({ length: 400 }, async (_, i) =>
						textOf(await (await banter.stream(`many-${i}`, "[[tokens=20 delay=20]]")).rest()),
					),
				);
				const whole = Array.from({ length: 20 }, (_, i) => `t${i} `).join("");
				assert.deepEqual(new Set(replies), new Set([whole]));
			});
		});
	});
