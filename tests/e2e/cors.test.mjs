// CORS: allowed origins are echoed with every status; any other origin gets 403 without CORS headers.
// contract.test.mjs checks this for each operation, this file for each kind of response and origin.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError, rawExchange } from "./client.mjs";
import { assertCommonHeaders } from "./contract.mjs";
import { ADMIN_KEY, PASSWORD, useBanter, WIDGET_KEY, withBanter } from "./harness.mjs";

const SITE = "https://site.example";
const OTHER = "https://other.example:8443";
const CORS_ORIGIN = `${SITE}, ${OTHER}`;
const KEYS = { "x-api-key": WIDGET_KEY, "x-admin-api-key": ADMIN_KEY };
const SSE = { headers: { accept: "text/event-stream" } };
const NOBODY = "0192f000-0000-7000-8000-000000000000";

const ALLOWED_HEADERS = [
	...["Content-Type", "x-api-key", "x-widget-api-key", "x-admin-api-key"],
	...["Idempotency-Key", "Last-Event-ID", "Upload-Offset", "Upload-Token"],
];

/** Origins that resemble SITE, OTHER or our own (its scheme and port have other names here) but differ. */
const FOREIGN = [
	...["https://evil.example", "null", "*", "", "site.example", "//site.example"],
	...["http://site.example", "https://site.example:444", "https://site.example:443"],
	...["https://other.example", "https://other.example:8444", `${SITE}, ${OTHER}`],
	...["https://SITE.example", "HTTPS://site.example", "HTTPS://SITE.EXAMPLE", `${SITE} ${OTHER}`],
	...["https://site.example/", "https://site.example.", "https://www.site.example"],
	...["https://site.example.evil.example", "https://evilsite.example", "https://site.example evil"],
	...["https://site.example@evil.example", "https://chat.example", "http://chat.example:4001"],
];

function assertNoCors(answer) {
	const names = Object.keys(answer.headers).filter((name) => name.startsWith("access-control-"));
	assert.deepEqual(names, []);
}

function assertCors(answer, origin) {
	assert.equal(answer.headers["access-control-allow-origin"], origin);
	assert.match(answer.headers.vary ?? "", /\bOrigin\b/);
	assert.equal(answer.headers["access-control-allow-credentials"], undefined);
	const exposed = answer.headers["access-control-expose-headers"].split(", ");
	for (const name of ["Retry-After", "RateLimit-Remaining", "X-Request-Id"])
		assert.ok(exposed.includes(name));
}

/** Every status with a request that causes it. */
const ANSWERS = [
	[200, "GET", "/health"],
	[200, "GET", "/widget/chat-widget.js"],
	[200, "POST", "/chat", { body: { sessionId: "s", message: "[[tokens=1]]" } }],
	[200, "POST", "/chat", { ...SSE, body: { sessionId: "s", message: "[[tokens=1]]" } }],
	[200, "GET", "/v1/chat/history?sessionId=s"],
	[200, "GET", "/v1/admin/conversations"],
	[204, "OPTIONS", "/chat"],
	[303, "GET", "/"],
	[204, "OPTIONS", "*"],
	[304, "GET", "/widget/chat-widget.js", { headers: { "if-none-match": "*" } }],
	[400, "POST", "/v1/chat", { body: "no JSON" }],
	[401, "POST", "/v1/chat", { headers: { "x-api-key": "wrong" }, body: "{}" }],
	[403, "POST", "/api/login", { body: { password: PASSWORD } }], // allowed, and not our own
	[404, "GET", "/nowhere"],
	[404, "POST", `/v1/chat/${NOBODY}/stop`, { body: { sessionId: "s" } }],
	[405, "GET", "/chat"],
	[413, "POST", "/chat", { headers: { "content-length": "10000000" } }],
	[502, "POST", "/chat", { body: { sessionId: "s", message: "[[fail=401]]" } }],
	[503, "POST", "/chat", { body: { sessionId: "s", message: "[[fail=429 retry-after=9]]" } }],
];

/** Invalid requests with a readable Origin. */
const MALFORMED = [
	[400, (origin) => `GET /health HTTP/1.1\r\nOrigin: ${origin}\r\n\r\n`],
	[431, (origin) => `GET / HTTP/1.1\r\nOrigin: ${origin}\r\nX: ${"x".repeat(20_000)}\r\n\r\n`],
	[501, (origin) => `GET / HTTP/1.1\r\nOrigin: ${origin}\r\nTransfer-Encoding: x\r\n\r\n`],
];

function ask(banter, origin, [, method, path, { headers = {}, body } = {}]) {
	const sent = method === "POST" ? body : undefined; // others take none
	const own = origin === undefined ? {} : { origin };
	return banter.request(method, path, { headers: { ...own, ...KEYS, ...headers }, body: sent });
}

const banter = useBanter({ env: { CORS_ORIGIN } });

describe("an allowed origin", () => {
	for (const row of ANSWERS)
		it(`is echoed: ${row[0]} of ${row[1]} ${row[2]}; without an Origin there are no CORS headers`, async () => {
			for (const origin of [SITE, OTHER]) {
				const answer = await ask(banter, origin, row);
				assert.equal(answer.status, row[0], answer.text);
				assertCors(answer, origin);
			}
			const answer = await ask(banter, undefined, row);
			if (row[0] !== 403) assert.equal(answer.status, row[0]);
			assertNoCors(answer);
			assertCommonHeaders(answer, row.slice(0, 3).join(" "));
			assert.equal(answer.headers["strict-transport-security"], undefined);
		});

	it("is echoed even if the request is invalid", async () => {
		for (const [status, bytes] of MALFORMED.slice(1)) {
			const answer = await rawExchange(banter.port, bytes(SITE));
			assert.equal(answer.status, status);
			assertCors(answer, SITE);
		}
	});

	it("may be the service's own, from the Host header", async () => {
		for (const origin of ["http://chat.example:4000", "https://chat.example:4000"]) {
			const headers = { host: "chat.example:4000" };
			assertCors(await ask(banter, origin, [200, "GET", "/health", { headers }]), origin);
		}
	});

	it("429 is readable too, with its Retry-After", async () => {
		const env = { CORS_ORIGIN, RATE_LIMIT_MAX_REQUESTS: "1", RATE_LIMIT_WINDOW_MS: "86400000" };
		await withBanter({ env, workers: 1 }, async (strict) => {
			await ask(strict, SITE, [0, "POST", "/chat", { body: "{}" }]);
			const answer = await ask(strict, SITE, [429, "POST", "/chat", { body: "{}" }]);
			assert.equal(answer.status, 429);
			assertCors(answer, SITE);
		});
	});
});

describe("any other origin", () => {
	for (const origin of FOREIGN)
		it(`"${origin}" is refused with no CORS header`, async () => {
			// Each operation with one foreign origin: contract.test.mjs.
			for (const [method, path] of [
				["GET", "/health"],
				["GET", "/nowhere"],
				["POST", "/v1/chat"],
				["PUT", "/health"],
				["OPTIONS", "/chat"],
			]) {
				const headers = { host: "chat.example:4000", "access-control-request-method": "POST" };
				const answer = await ask(banter, origin, [403, method, path, { headers, body: "{}" }]);
				assertError(answer, 403, "Origin not allowed", "origin_not_allowed");
				assertNoCors(answer);
				assert.match(answer.headers.vary, /\bOrigin\b/);
			}
		});

	it("gets no CORS header on invalid requests either", async () => {
		for (const [status, bytes] of MALFORMED) {
			const answer = await rawExchange(banter.port, bytes("https://evil.example"));
			assert.equal(answer.status, status);
			assertNoCors(answer);
		}
	});
});

describe("OPTIONS", () => {
	it("a preflight returns methods, headers and Max-Age", async () => {
		for (const path of ["/chat", "/v1/chat", "/v1/admin/conversations", "/not/there"]) {
			const headers = {
				origin: SITE,
				"access-control-request-method": "POST",
				"access-control-request-headers": "content-type,x-widget-api-key",
			};
			const answer = await banter.request("OPTIONS", path, { headers });
			assert.deepEqual([answer.status, answer.bytes.length], [204, 0]);
			assertCors(answer, SITE);
			const listed = (name) => answer.headers[`access-control-${name}`].split(", ");
			assert.deepEqual(listed("allow-methods"), [
				...["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
			]);
			assert.deepEqual(listed("allow-headers").slice(0, ALLOWED_HEADERS.length), ALLOWED_HEADERS);
			assert.match(answer.headers["access-control-max-age"], /^[1-9]\d*$/);
			assert.equal(answer.headers.allow, undefined);
		}
	});

	it("a preflight also allows the headers that it asks for, such as those of tracing", async () => {
		const most = Array.from({ length: 32 }, (_, i) => `x-${i}`).join();
		const long = `x-${"x".repeat(1022)}`;
		for (const [asked, isAllowed] of [
			["traceparent,sentry-trace,x-requested-with", true],
			[" traceparent ,\tbaggage", true],
			[most, true],
			[`${most},x-32`, false],
			[long, true],
			[`${long}x`, false],
			["traceparent, x y", false],
			["x:y", false],
			["x-\u00e9", false],
			[" , ", false],
			["", false],
		]) {
			const answer = await banter.request("OPTIONS", "/v1/chat", {
				headers: {
					origin: SITE,
					"access-control-request-method": "POST",
					"access-control-request-headers": asked,
				},
			});
			const expected = isAllowed ? [...ALLOWED_HEADERS, asked.trim()] : ALLOWED_HEADERS;
			assert.equal(answer.headers["access-control-allow-headers"], expected.join(", "), asked);
		}
	});

	it("a plain one returns Allow", async () => {
		const allowed = {
			"/health": "GET, HEAD, OPTIONS",
			"/chat": "POST, OPTIONS",
			[`/v1/admin/conversations/${NOBODY}`]: "GET, HEAD, PUT, DELETE, OPTIONS",
			"*": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
		};
		for (const [path, allow] of Object.entries(allowed)) {
			const answer = await banter.request("OPTIONS", path);
			assert.equal(answer.status, 204, path);
			assert.equal(answer.headers.allow, allow, path);
			assertNoCors(answer);
		}
		assertError(await banter.request("OPTIONS", "/not/there"), 404);
	});
});

it("CORS_ORIGIN=*: every site is served, also `null`, but never with a session", () =>
	withBanter({ workers: 1 }, async (banter) => {
		for (const origin of [SITE, "http://localhost:5173", "null"]) {
			const answer = await banter.chat("any", "[[tokens=1]]", { headers: { origin } });
			assert.equal(answer.status, 200);
			assertCors(answer, origin);
			for (const path of ["/api/login", "/api/logout"])
				assertError(
					await banter.request("POST", path, { headers: { origin }, body: "{}" }),
					403,
					"Origin not allowed",
				);
		}
	}));
