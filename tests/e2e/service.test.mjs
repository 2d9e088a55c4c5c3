// Routes without a key: health, the widget's script, the OpenAPI document, the demo pages; and
// properties of every response.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { assertError, rawExchange, request } from "./client.mjs";
import { ADMIN_KEY, ROOT, until, useBanter, withBanter } from "./harness.mjs";

const PRODUCTION = { APP_ENV: "production", CORS_ORIGIN: "https://site.example" };
const WIDGET = "/widget/chat-widget.js";

function assertSecurityHeaders(headers) {
	assert.equal(headers["x-content-type-options"], "nosniff");
	assert.equal(headers["x-frame-options"], "DENY");
	assert.equal(headers["referrer-policy"], "no-referrer");
	assert.equal(headers["permissions-policy"], "camera=(), microphone=(), geolocation=()");
}

describe("service", () => {
	const banter = useBanter();

	it("GET /health returns ok, uncached", async () => {
		const answer = await banter.get("/health");
		assert.equal(answer.status, 200);
		assert.deepEqual(answer.json, { status: "ok" });
		assert.equal(answer.headers["cache-control"], "no-store");
		assert.match(answer.headers["content-type"], /^application\/json/);
	});

	it("is reachable over IPv6", async () => {
		const answer = await request(`http://[::1]:${banter.port}`, "GET", "/health");
		assert.deepEqual(answer.json, { status: "ok" });
	});

	it("GET /health/ready is 503 while the store is down, and recovers; /health stays ok", async () => {
		await banter.stopStore();
		await until("ready says 503", async () => {
			const answer = await banter.get("/health/ready");
			if (answer.status === 200) return false;
			assertError(answer, 503);
			return true;
		});
		assert.equal((await banter.get("/health")).status, 200);
		banter.startStore();
		await banter.ready();
	});

	it("every status has the security headers, and JSON if it is an error", async () => {
		const huge = "x".repeat(40_000);
		const cases = [
			[200, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"],
			[303, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
			[
				204,
				"OPTIONS /chat HTTP/1.1\r\nHost: x\r\nOrigin: https://a.example\r\nAccess-Control-Request-Method: POST\r\n\r\n",
			],
			[400, "GET /health HTTP/1.1\r\n\r\n"],
			[401, "POST /v1/chat HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"],
			[404, "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"],
			[405, "DELETE /health HTTP/1.1\r\nHost: x\r\n\r\n"],
			[413, "POST /v1/chat HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n"],
			[431, `GET /health HTTP/1.1\r\nHost: x\r\nX-Huge: ${huge}\r\n\r\n`],
			[501, "POST /v1/chat HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
			[505, "GET /health HTTP/2.0\r\nHost: x\r\n\r\n"],
		];
		for (const [status, bytes] of cases) {
			const answer = await rawExchange(banter.port, bytes);
			assert.equal(answer.status, status, bytes.slice(0, 60));
			assertSecurityHeaders(answer.headers);
			assert.equal(answer.headers["strict-transport-security"], undefined);
			assert.ok(answer.headers.date, "Date");
			if (status >= 400) assertError(answer, status);
		}
	});

	it("an unknown path is 404, whatever the method", async () => {
		for (const path of [
			"/nowhere",
			"/v1",
			"/v1/chat/",
			"/health/",
			"/V1/chat",
			"/widget/",
			"/widget/../health",
		])
			for (const method of ["GET", "POST"]) assertError(await banter.request(method, path), 404);
		assertError(await banter.get("/assets/none.js"), 404);
	});

	it("a wrong method is 405 with Allow", async () => {
		const allowed = {
			"/health": ["GET", "HEAD"],
			"/health/ready": ["GET", "HEAD"],
			[WIDGET]: ["GET", "HEAD"],
			"/v1/openapi.json": ["GET", "HEAD"],
			"/chat": ["POST"],
			"/v1/chat": ["POST"],
			"/v1/chat/stream": ["POST"],
			"/v1/admin/conversations": ["GET", "HEAD"],
			"/v1/admin/conversations/0192f000-0000-7000-8000-000000000000": ["DELETE", "GET", "HEAD"],
			"/v1/admin/visitors/visitor": ["DELETE"],
			"/api/login": ["POST"],
			"/api/logout": ["POST"],
		};
		for (const [path, methods] of Object.entries(allowed)) {
			for (const method of ["GET", "POST", "DELETE", "PATCH", "TRACE"].filter(
				(one) => !methods.includes(one),
			)) {
				const answer = await banter.request(method, path);
				assertError(answer, 405);
				const said = answer.headers.allow.split(/, */).filter((one) => one !== "OPTIONS");
				assert.deepEqual(said.sort(), methods, `${method} ${path}`);
			}
		}
	});

	it("HEAD returns GET's headers without a body", async () => {
		for (const path of ["/health", "/health/ready", WIDGET, "/v1/openapi.json", "/login"]) {
			const get = await banter.get(path);
			const head = await banter.request("HEAD", path);
			assert.equal(head.status, get.status);
			assert.equal(head.bytes.length, 0);
			assert.equal(head.headers["content-length"], String(get.bytes.length), path);
			assert.equal(head.headers["content-type"], get.headers["content-type"]);
		}
		const admin = await banter.request("HEAD", "/v1/admin/conversations", {
			headers: { "x-admin-api-key": ADMIN_KEY },
		});
		assert.equal(admin.status, 200);
		assert.equal(admin.bytes.length, 0);
	});

	it("the OpenAPI document contains the server's URL as used by the client", async () => {
		const answer = await banter.get("/v1/openapi.json", { host: "chat.example:8443" });
		assert.equal(answer.status, 200);
		assert.match(answer.json.openapi, /^3\.1\./);
		assert.equal(new URL(answer.json.servers[0].url).host, "chat.example:8443");
		for (const path of [
			"/health",
			"/health/ready",
			"/chat",
			"/v1/chat",
			"/v1/chat/stream",
			"/v1/admin/conversations",
			"/api/login",
		])
			assert.ok(answer.json.paths[path], path);
	});

	it("a hostile Host header cannot inject into the OpenAPI document", async () => {
		const answer = await rawExchange(
			banter.port,
			'GET /v1/openapi.json HTTP/1.1\r\nHost: a","x":"b\r\n\r\n',
		);
		if (answer.status === 200) assert.ok(!("x" in answer.json.servers[0]));
		else assertError(answer, 400);
	});

	it("the demo pages are served with a policy without inline code", async () => {
		for (const path of ["/widget-test.html", "/headless-test.html"]) {
			const answer = await banter.get(path);
			assert.equal(answer.status, 200, path);
			assert.match(answer.headers["content-type"], /^text\/html/);
			assert.doesNotMatch(answer.headers["content-security-policy"], /unsafe-/);
		}
	});
});

describe("the widget's script", () => {
	const banter = useBanter();
	const file = readFileSync(join(ROOT, "widget/dist/chat-widget.js"));

	it("is the built bundle, as JavaScript", async () => {
		const answer = await banter.get(WIDGET);
		assert.equal(answer.status, 200);
		assert.equal(answer.headers["content-type"], "application/javascript; charset=utf-8");
		assert.ok(answer.bytes.equals(file));
		assert.equal(answer.headers["content-encoding"], undefined);
		assert.equal(answer.headers["cache-control"], "no-store");
		assert.match(answer.headers.vary, /Accept-Encoding/i);
		// Any site may load it, also a cross-origin isolated one.
		assert.match(answer.headers["cross-origin-resource-policy"] ?? "cross-origin", /cross-origin/);
	});

	const encodings = [
		["br", "br"],
		["gzip", "gzip"],
		["gzip, deflate, br", "br"],
		["br;q=0.1, gzip;q=0.9", "gzip"],
		["br;q=0, gzip", "gzip"],
		["br;q=0, gzip;q=0.0", undefined],
		["deflate", undefined],
		["identity", undefined],
		["*", "br"],
		["GZIP", "gzip"],
		["xbr, gzipped", undefined],
		["", undefined],
	];
	for (const [accepted, expected] of encodings)
		it(`Accept-Encoding "${accepted}" gets ${expected ?? "it as it is"}`, async () => {
			const answer = await banter.get(WIDGET, { "accept-encoding": accepted });
			assert.equal(answer.status, 200);
			assert.equal(answer.headers["content-encoding"], expected);
			const unpack = { br: brotliDecompressSync, gzip: gunzipSync }[expected] ?? ((bytes) => bytes);
			assert.ok(unpack(answer.bytes).equals(file));
		});

	it("has an ETag for each encoding and returns 304 for it", async () => {
		const tags = new Set();
		for (const encoding of ["identity", "gzip", "br"]) {
			const { headers } = await banter.get(WIDGET, { "accept-encoding": encoding });
			assert.match(headers.etag, /^"[\x21\x23-\x7e]+"$/);
			tags.add(headers.etag);
			for (const known of [headers.etag, `W/${headers.etag}`, `"other", ${headers.etag}`, "*"]) {
				const answer = await banter.get(WIDGET, {
					"accept-encoding": encoding,
					"if-none-match": known,
				});
				assert.equal(answer.status, 304, known);
				assert.equal(answer.bytes.length, 0);
				assert.equal(answer.headers.etag, headers.etag);
			}
			const other = await banter.get(WIDGET, {
				"accept-encoding": encoding,
				"if-none-match": '"other"',
			});
			assert.equal(other.status, 200);
		}
		assert.equal(tags.size, 3);
	});
});

describe("in production", () => {
	const banter = useBanter({ env: PRODUCTION });

	it("every response has Strict-Transport-Security", async () => {
		for (const path of ["/health", "/nowhere", WIDGET, "/v1/chat"]) {
			const { headers } = await banter.get(path);
			assert.equal(headers["strict-transport-security"], "max-age=31536000; includeSubDomains");
			assertSecurityHeaders(headers);
		}
	});

	it("the widget's script can be cached for five minutes", async () => {
		assert.equal((await banter.get(WIDGET)).headers["cache-control"], "public, max-age=300");
	});
});

describe("a custom bundle", () => {
	it("is served from WIDGET_BUNDLE_PATH", async () => {
		const path = join(ROOT, "tests/e2e/harness.mjs");
		await withBanter({ env: { WIDGET_BUNDLE_PATH: path }, workers: 1 }, async (banter) => {
			const hash = (bytes) => createHash("sha256").update(bytes).digest("hex");
			assert.equal(hash((await banter.get(WIDGET)).bytes), hash(readFileSync(path)));
		});
	});
});
