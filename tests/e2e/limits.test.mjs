// Rate limits.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError } from "./client.mjs";
import { ADMIN_KEY, until, WIDGET_KEY, withBanter } from "./harness.mjs";
import { history, KEY, NOBODY, resume, stop } from "./replies.mjs";

const SITE = "https://site.example";

function assertCors(answer, origin) {
	assert.equal(answer.headers["access-control-allow-origin"], origin);
	assert.match(answer.headers.vary ?? "", /\bOrigin\b/i);
}

describe("the rate limit", () => {
	// A window so long that nothing is replenished during a test.
	const env = { RATE_LIMIT_MAX_REQUESTS: "25", RATE_LIMIT_WINDOW_MS: "86400000" };
	const post = (banter, path, headers = {}, body = "{}") =>
		banter.request("POST", path, { headers, body });

	function assertLimited(answer, limit) {
		assertError(answer, 429, "Too many requests");
		assert.match(answer.headers["retry-after"], /^[1-9]\d*$/);
		assert.equal(answer.headers["ratelimit-limit"], String(limit));
		assert.equal(answer.headers["ratelimit-remaining"], "0");
		assert.match(answer.headers["ratelimit-reset"], /^[1-9]\d*$/);
	}

	it("lets exactly the limit pass, over two workers and many concurrent connections", async () => {
		await withBanter({ env, workers: 2 }, async (banter) => {
			const answers = await Promise.all(
				Array.from({ length: 100 }, (_, i) =>
					post(banter, ["/chat", "/v1/chat", "/v1/chat/stream"][i % 3], {
						"x-api-key": WIDGET_KEY,
					}),
				),
			);
			const passed = answers.filter((answer) => answer.status !== 429);
			assert.equal(passed.length, 25);
			for (const answer of passed) assertError(answer, 400, "Invalid request payload");
			for (const answer of answers.filter((one) => one.status === 429)) assertLimited(answer, 25);
		});
	});

	it("is checked before the key and the body, and counts requests refused by them", async () => {
		await withBanter({ env: { ...env, RATE_LIMIT_MAX_REQUESTS: "4" } }, async (banter) => {
			assertError(await post(banter, "/v1/chat", { "x-api-key": "wrong" }), 401);
			assertError(await post(banter, "/v1/chat", { "x-api-key": WIDGET_KEY }, "no JSON"), 400);
			assertError(await post(banter, "/chat", {}), 401);
			assert.equal((await banter.chat("s", "[[tokens=1]]")).status, 200);
			assertLimited(await post(banter, "/v1/chat", { "x-api-key": "wrong" }, "no JSON"), 4);
			assertLimited(await banter.chat("s", "[[tokens=1]]"), 4);
			assertLimited(await banter.stream("s", "[[tokens=1]]"), 4);
		});
	});

	it("is reported by every counted response, and by no other", async () => {
		await withBanter({ env: { ...env, RATE_LIMIT_MAX_REQUESTS: "5" } }, async (banter) => {
			const answers = [
				await banter.chat("s", "[[tokens=1]]"),
				await banter.stream("s", "[[tokens=1]]"),
				await post(banter, "/chat", { "x-api-key": WIDGET_KEY }, "no JSON"),
				await post(banter, "/v1/chat", { "x-api-key": "wrong" }),
				await banter.chat("s", "[[fail=401]]"),
				await banter.chat("s", "[[tokens=1]]"),
			];
			assert.deepEqual(
				answers.map(({ status, headers }) => [status, headers["ratelimit-remaining"]]),
				[
					[200, "4"],
					[200, "3"],
					[400, "2"],
					[401, "1"],
					[502, "0"],
					[429, "0"],
				],
			);
			for (const { status, headers } of answers) {
				assert.equal(headers["ratelimit-limit"], "5");
				assert.match(headers["ratelimit-reset"], /^[1-9]\d*$/);
				assert.equal(headers["retry-after"] !== undefined, status === 429);
			}
			for (const path of ["/health", "/v1/openapi.json", "/nowhere"])
				assert.equal((await banter.get(path)).headers["ratelimit-limit"], undefined);
		});
	});

	it("is ten times higher, and separate, for history, resume and stop", async () => {
		await withBanter({ env: { ...env, RATE_LIMIT_MAX_REQUESTS: "2" } }, async (banter) => {
			const asks = [
				() => history(banter, "s"),
				() => resume(banter, NOBODY, "s"),
				() => stop(banter, NOBODY, "s"),
				() => banter.get("/v1/chat/history", { "x-api-key": "wrong" }),
				() => banter.get(`/v1/chat/stream/no-id`, KEY),
			];
			for (let i = 0; i < 20; i++) {
				const { status, headers } = await asks[i % asks.length]();
				assert.equal(status, [200, 404, 404, 401, 400][i % asks.length]);
				assert.equal(headers["ratelimit-limit"], "20");
				assert.equal(headers["ratelimit-remaining"], String(19 - i));
			}
			for (const ask of asks) assertLimited(await ask(), 20);
			assert.equal((await banter.chat("s", "[[tokens=1]]")).status, 200);
			assert.equal((await banter.chat("s", "[[tokens=1]]")).status, 200);
			assertLimited(await banter.chat("s", "[[tokens=1]]"), 2);
			const metrics = (await banter.get("/metrics")).text;
			assert.match(metrics, /^banter_rate_limited_total\{rule="chat_read"\} 5$/m);
		});
	});

	it("does not prevent resuming when sending is exhausted", async () => {
		await withBanter({ env: { ...env, RATE_LIMIT_MAX_REQUESTS: "1" } }, async (banter) => {
			const { json } = await banter.chat("s", "[[tokens=1]]");
			assertLimited(await banter.chat("s", "[[tokens=1]]"), 1);
			const stream = await resume(banter, json.messageId, "s");
			assert.equal(stream.headers["ratelimit-limit"], "10");
			assert.equal((await stream.rest()).at(-1).type, "done");
		});
	});

	it("ignores X-Forwarded-For of untrusted clients", async () => {
		await withBanter(
			{ env: { ...env, RATE_LIMIT_MAX_REQUESTS: "2" }, workers: 1 },
			async (banter) => {
				for (let i = 0; i < 2; i++)
					await post(banter, "/v1/chat", { "x-forwarded-for": `192.0.2.${i}` });
				assertLimited(await post(banter, "/v1/chat", { "x-forwarded-for": "192.0.2.99" }), 2);
			},
		);
	});

	it("does not apply to health, widget files, admin API, preflights and wrong methods", async () => {
		await withBanter(
			{ env: { ...env, RATE_LIMIT_MAX_REQUESTS: "1" }, workers: 1 },
			async (banter) => {
				await post(banter, "/v1/chat");
				assertLimited(await post(banter, "/v1/chat"), 1);
				assert.equal((await banter.get("/health")).status, 200);
				assert.equal((await banter.get("/widget/chat-widget.js")).status, 200);
				assert.equal(
					(await banter.get("/v1/admin/conversations", { "x-admin-api-key": ADMIN_KEY })).status,
					200,
				);
				assert.equal(
					(await banter.request("OPTIONS", "/chat", { headers: { origin: SITE } })).status,
					204,
				);
				assertError(await banter.get("/chat"), 405);
			},
		);
	});

	it("sends its 429 with CORS headers", async () => {
		await withBanter(
			{ env: { ...env, RATE_LIMIT_MAX_REQUESTS: "1", CORS_ORIGIN: SITE }, workers: 1 },
			async (banter) => {
				await post(banter, "/chat", { origin: SITE });
				const answer = await post(banter, "/chat", { origin: SITE });
				assertLimited(answer, 1);
				assertCors(answer, SITE);
			},
		);
	});

	it("admits the client again after the window", async () => {
		const quick = { RATE_LIMIT_MAX_REQUESTS: "2", RATE_LIMIT_WINDOW_MS: "1500" };
		await withBanter({ env: quick, workers: 1 }, async (banter) => {
			await until("a 429", async () => (await post(banter, "/v1/chat")).status === 429);
			await until("no 429 any more", async () => (await post(banter, "/v1/chat")).status === 401);
		});
	});
});
