// Who may call from where, and how often.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError, exchange } from "./client.mjs";
import { ADMIN_KEY, until, useBanter, WIDGET_KEY, withBanter } from "./harness.mjs";

const SITE = "https://site.example";
const OTHER = "https://other.example:8443";

function assertCors(answer, origin) {
	assert.equal(answer.headers["access-control-allow-origin"], origin);
	assert.match(answer.headers.vary ?? "", /\bOrigin\b/i);
}

function assertNoCors(answer) {
	const names = Object.keys(answer.headers).filter((name) => name.startsWith("access-control-"));
	assert.deepEqual(names, []);
}

describe("CORS", () => {
	const banter = useBanter({ env: { CORS_ORIGIN: `${SITE}, ${OTHER}` } });

	it("no Origin: served, without CORS headers", async () => {
		const answer = await banter.chat("none", "[[tokens=1]]");
		assert.equal(answer.status, 200);
		assertNoCors(answer);
	});

	it("an allowed Origin is echoed, on success and on every error", async () => {
		for (const origin of [SITE, OTHER]) {
			const call = (method, path, headers, body) =>
				banter.request(method, path, { headers: { origin, ...headers }, body });
			const key = { "x-api-key": WIDGET_KEY };
			const cases = [
				[200, await call("GET", "/health")],
				[200, await call("GET", "/widget/chat-widget.js")],
				[200, await call("POST", "/v1/chat", key, { sessionId: "s", message: "[[tokens=1]]" })],
				[200, await call("POST", "/chat", key, { sessionId: "s", message: "[[tokens=1]]" })],
				[400, await call("POST", "/v1/chat", key, "no JSON")],
				[401, await call("POST", "/v1/chat", {}, "{}")],
				[404, await call("GET", "/nowhere")],
				[405, await call("GET", "/chat")],
				[
					413,
					await call("POST", "/chat", {
						...key,
						"content-length": "10000000",
						expect: "100-continue",
					}),
				],
				[502, await call("POST", "/v1/chat", key, { sessionId: "s", message: "[[fail=401]]" })],
				[502, await call("POST", "/chat", key, { sessionId: "s", message: "[[fail=401]]" })],
			];
			for (const [status, answer] of cases) {
				assert.equal(answer.status, status, answer.text);
				assertCors(answer, origin);
			}
		}
	});

	it("an allowed Origin is echoed even when the request cannot be read to its end", async () => {
		const head = `GET /health HTTP/1.1\r\nHost: x\r\nOrigin: ${SITE}\r\n`;
		const answer = await exchange(banter.port, `${head}Transfer-Encoding: chunked\r\n\r\n`);
		assert.equal(answer.status, 501);
		assertCors(answer, SITE);
	});

	for (const origin of [
		"https://evil.example",
		"http://site.example",
		"https://site.example:444",
		"https://site.example.evil.example",
		"https://evilsite.example",
		"https://site.example/",
		"HTTPS://SITE.EXAMPLE",
		"null",
		"*",
		`${SITE}, ${OTHER}`,
	])
		it(`Origin "${origin}" is refused with 403 and no CORS headers`, async () => {
			for (const [method, path] of [
				["GET", "/health"],
				["POST", "/v1/chat"],
				["POST", "/chat"],
				["GET", "/v1/admin/conversations"],
				["OPTIONS", "/chat"],
				["GET", "/nowhere"],
			]) {
				const headers = { origin, "x-api-key": WIDGET_KEY, "x-admin-api-key": ADMIN_KEY };
				const answer = await banter.request(method, path, { headers });
				assertError(answer, 403, "Origin not allowed");
				assertNoCors(answer);
			}
		});

	it("a preflight is 204 with the methods, the headers and how long that holds", async () => {
		for (const path of ["/chat", "/v1/chat", "/v1/chat/stream"]) {
			const answer = await banter.request("OPTIONS", path, {
				headers: {
					origin: SITE,
					"access-control-request-method": "POST",
					"access-control-request-headers": "content-type,x-widget-api-key",
				},
			});
			assert.equal(answer.status, 204);
			assert.equal(answer.bytes.length, 0);
			assertCors(answer, SITE);
			assert.match(answer.headers["access-control-allow-methods"], /\bPOST\b/);
			assert.match(answer.headers["access-control-max-age"], /^[1-9]\d*$/);
			const allowed = answer.headers["access-control-allow-headers"].toLowerCase().split(/, */);
			for (const name of [
				"content-type",
				"x-api-key",
				"x-widget-api-key",
				"x-admin-api-key",
				"idempotency-key",
				"last-event-id",
			])
				assert.ok(allowed.includes(name), name);
		}
	});

	it("CORS_ORIGIN=*: every site is served, `null` too", async () => {
		await withBanter({ workers: 1 }, async (open) => {
			for (const origin of [SITE, "http://localhost:5173", "null"]) {
				const answer = await open.chat("any", "[[tokens=1]]", { headers: { origin } });
				assert.equal(answer.status, 200);
				assert.ok([origin, "*"].includes(answer.headers["access-control-allow-origin"]));
				assert.equal(answer.headers["access-control-allow-credentials"], undefined);
			}
		});
	});
});

describe("the rate limit", () => {
	// So long a window that no allowance comes back during a test.
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

	it("exactly so many requests pass, over two workers and many connections at once", async () => {
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

	it("it is looked at before the key and the body, and counts what they refuse", async () => {
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

	it("X-Forwarded-For from just anyone changes nothing", async () => {
		await withBanter(
			{ env: { ...env, RATE_LIMIT_MAX_REQUESTS: "2" }, workers: 1 },
			async (banter) => {
				for (let i = 0; i < 2; i++)
					await post(banter, "/v1/chat", { "x-forwarded-for": `192.0.2.${i}` });
				assertLimited(await post(banter, "/v1/chat", { "x-forwarded-for": "192.0.2.99" }), 2);
			},
		);
	});

	it("it does not hold up health, the widget, the admin API, preflights or wrong methods", async () => {
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

	it("a site's script can read a 429: it has the CORS headers too", async () => {
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

	it("after the window it lets the client in again", async () => {
		const quick = { RATE_LIMIT_MAX_REQUESTS: "2", RATE_LIMIT_WINDOW_MS: "1500" };
		await withBanter({ env: quick, workers: 1 }, async (banter) => {
			await until("a 429", async () => (await post(banter, "/v1/chat")).status === 429);
			await until("no 429 any more", async () => (await post(banter, "/v1/chat")).status === 401);
		});
	});
});
