// Routes without a key: health, the OpenAPI document, the demo pages. Each status: contract.test.mjs.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError, rawExchange, request } from "./client.mjs";
import { assertCommonHeaders } from "./contract.mjs";
import { useBanter, withBanter } from "./harness.mjs";

const PRODUCTION = { APP_ENV: "production", CORS_ORIGIN: "https://site.example" };
const WIDGET = "/widget/chat-widget.js";

describe("service", () => {
	const banter = useBanter();

	it("GET /health returns ok, uncached, also over IPv6", async () => {
		for (const host of ["127.0.0.1", "[::1]"]) {
			const answer = await request(`http://${host}:${banter.port}`, "GET", "/health");
			assert.equal(answer.status, 200);
			assert.deepEqual(answer.json, { status: "ok" });
			assert.equal(answer.headers["cache-control"], "no-store");
			assert.match(answer.headers["content-type"], /^application\/json/);
		}
	});

	it("an unknown path is 404, whatever the method", async () => {
		for (const path of ["/v1", "/v1/chat/", "/V1/chat", "/widget/../health"])
			for (const method of ["GET", "POST"]) assertError(await banter.request(method, path), 404);
		assertError(await banter.get("/assets/none.js"), 404);
	});

	it("the OpenAPI document contains the server's URL as used by the client", async () => {
		const { status, json } = await banter.get("/v1/openapi.json", { host: "chat.example:8443" });
		assert.equal(status, 200);
		assert.match(json.openapi, /^3\.1\./);
		assert.equal(new URL(json.servers[0].url).host, "chat.example:8443");
	});

	it("a hostile Host header cannot inject into the OpenAPI document", async () => {
		const bytes = 'GET /v1/openapi.json HTTP/1.1\r\nHost: a","x":"b\r\n\r\n';
		const answer = await rawExchange(banter.port, bytes);
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

it("in production, every response over HTTPS has Strict-Transport-Security, and none over plain HTTP", async () => {
	for (const [subdomains, header] of [
		[undefined, "max-age=31536000; includeSubDomains"],
		["0", "max-age=31536000"],
	]) {
		const env = {
			...PRODUCTION,
			TRUSTED_PROXIES: "127.0.0.1",
			HSTS_INCLUDE_SUBDOMAINS: subdomains,
		};
		await withBanter({ env, workers: 1 }, async (banter) => {
			for (const path of ["/health", "/nowhere", WIDGET, "/v1/chat"])
				for (const [expected, ...schemes] of [
					[header, "https"],
					[undefined, "http"],
					[undefined],
				]) {
					const forwarded = schemes.map((scheme) => ["x-forwarded-proto", scheme]);
					const { headers } = await banter.get(path, Object.fromEntries(forwarded));
					assert.equal(headers["strict-transport-security"], expected);
					assertCommonHeaders({ headers }, path);
				}
		});
	}
});
