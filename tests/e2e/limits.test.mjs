// The rate limit of chats. tests/unit/proto/ipc/test_ratelimit.c proves that limits are exact over all processes,
// proxy.test.mjs which address counts, contract.test.mjs the limits of other requests.

import assert from "node:assert/strict";
import { it } from "node:test";
import { assertError } from "./client.mjs";
import { withBanter } from "./harness.mjs";
import { KEY } from "./replies.mjs";

const ONE = "[[tokens=1]]";
/** So long that nothing is replenished during the test. */
const env = { RATE_LIMIT_MAX_REQUESTS: "5", RATE_LIMIT_WINDOW_MS: "86400000" };

it("the rate limit is checked before the key and the body; every counted response reports it, and no other", () =>
	withBanter({ env, workers: 1 }, async (banter) => {
		const post = (path, headers, body = "{}") => banter.request("POST", path, { headers, body });
		const answers = [
			await banter.chat("s", ONE),
			await banter.stream("s", ONE),
			await post("/chat", KEY, "no JSON"),
			await post("/v1/chat", { "x-api-key": "wrong" }),
			await banter.chat("s", "[[fail=401]]"),
			await banter.chat("s", ONE),
			await post("/v1/chat", { "x-api-key": "wrong" }, "no JSON"),
			await banter.stream("s", ONE),
		];
		const statuses = answers.map(({ status }) => status);
		assert.deepEqual(statuses, [200, 200, 400, 401, 502, 429, 429, 429]);
		for (const [i, answer] of answers.entries()) {
			const { status, headers } = answer;
			assert.equal(headers["ratelimit-remaining"], String(Math.max(4 - i, 0)));
			assert.equal(headers["ratelimit-limit"], "5");
			assert.match(headers["ratelimit-reset"], /^[1-9]\d*$/);
			assert.equal(headers["retry-after"] !== undefined, status === 429);
			if (status !== 429) continue;
			assertError(answer, 429, "Too many requests");
			assert.match(headers["retry-after"], /^[1-9]\d*$/);
		}
		assert.equal(await banter.metric('rate_limited_total{rule="chat"}'), 3);
		const others = ["/health", "/v1/openapi.json", "/widget/chat-widget.js", "/v1/admin/me"];
		for (const path of [...others, "/nowhere"])
			assert.equal((await banter.get(path)).headers["ratelimit-limit"], undefined);
	}));
