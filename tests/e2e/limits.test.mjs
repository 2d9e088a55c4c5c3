// Rate limits. tests/unit/proto/ipc/test_ratelimit.c proves that they are exact over all processes, proxy.test.mjs
// which address counts.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError } from "./client.mjs";
import { withBanter } from "./harness.mjs";
import { history, KEY, NOBODY, resume, stop } from "./replies.mjs";

const ONE = "[[tokens=1]]";

/** Runs body(banter) with this limit and a window so long that nothing is replenished during a test. */
const withLimit = (limit, body, workers = 1) =>
	withBanter(
		{
			env: { RATE_LIMIT_MAX_REQUESTS: String(limit), RATE_LIMIT_WINDOW_MS: "86400000" },
			workers,
		},
		body,
	);

const post = (banter, path, headers = {}, body = "{}") =>
	banter.request("POST", path, { headers, body });

function assertLimited(answer, limit) {
	assertError(answer, 429, "Too many requests");
	assert.match(answer.headers["retry-after"], /^[1-9]\d*$/);
	assert.equal(answer.headers["ratelimit-limit"], String(limit));
	assert.equal(answer.headers["ratelimit-remaining"], "0");
	assert.match(answer.headers["ratelimit-reset"], /^[1-9]\d*$/);
}

describe("the rate limit", () => {
	it("is checked before the key and the body; every counted response reports it, and no other", () =>
		withLimit(5, async (banter) => {
			const answers = [
				await banter.chat("s", ONE),
				await banter.stream("s", ONE),
				await post(banter, "/chat", KEY, "no JSON"),
				await post(banter, "/v1/chat", { "x-api-key": "wrong" }),
				await banter.chat("s", "[[fail=401]]"),
				await banter.chat("s", ONE),
			];
			const statuses = answers.map(({ status }) => status);
			assert.deepEqual(statuses, [200, 200, 400, 401, 502, 429]);
			for (const [i, { status, headers }] of answers.entries()) {
				assert.equal(headers["ratelimit-remaining"], String(Math.max(4 - i, 0)));
				assert.equal(headers["ratelimit-limit"], "5");
				assert.match(headers["ratelimit-reset"], /^[1-9]\d*$/);
				assert.equal(headers["retry-after"] !== undefined, status === 429);
			}
			assertLimited(await post(banter, "/v1/chat", { "x-api-key": "wrong" }, "no JSON"), 5);
			assertLimited(await banter.stream("s", ONE), 5);
			assert.equal(await banter.metric('rate_limited_total{rule="chat"}'), 3);
			for (const path of ["/health", "/v1/openapi.json", "/nowhere", "/widget/chat-widget.js"])
				assert.equal((await banter.get(path)).headers["ratelimit-limit"], undefined);
		}));

	it("is ten times higher, and separate, for history, resume and stop", () =>
		withLimit(
			2,
			async (banter) => {
				assert.equal((await banter.chat("s", ONE)).status, 200);
				assert.equal((await banter.chat("s", ONE)).status, 200);
				assertLimited(await banter.chat("s", ONE), 2);
				const reads = [
					[200, () => history(banter, "s")],
					[404, () => resume(banter, NOBODY, "s")],
					[404, () => stop(banter, NOBODY, "s")],
					[401, () => banter.get("/v1/chat/history", { "x-api-key": "wrong" })],
					[400, () => banter.get("/v1/chat/stream/no-id", KEY)],
				];
				for (let i = 0; i < 20; i++) {
					const [expected, read] = reads[i % reads.length];
					const { status, headers } = await read();
					assert.equal(status, expected);
					assert.equal(headers["ratelimit-limit"], "20");
					assert.equal(headers["ratelimit-remaining"], String(19 - i));
				}
				for (const [, read] of reads) assertLimited(await read(), 20);
				assert.equal(await banter.metric('rate_limited_total{rule="chat_read"}'), 5);
			},
			2,
		));
});
