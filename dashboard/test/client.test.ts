import assert from "node:assert/strict";
import { test } from "node:test";
import { address, createClient } from "../src/api/client";
import { ApiError, retryAfterMs } from "../src/api/errors";

interface Call {
	readonly path: string;
	readonly init: RequestInit;
}

/** A client whose server always sends this response. */
function clientOf(answer: () => Response | Promise<Response>) {
	const calls: Call[] = [];
	let signedOut = 0;
	const api = createClient(
		() => signedOut++,
		async (path, init) => {
			calls.push({ path, init });
			return answer();
		},
	);
	return { api, calls, signedOut: () => signedOut };
}

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
	new Response(JSON.stringify(body), { status, headers });

async function failureOf(call: Promise<unknown>): Promise<ApiError> {
	const error: unknown = await call.then(
		() => assert.fail("the call succeeded"),
		(reason: unknown) => reason,
	);
	assert.ok(error instanceof ApiError, String(error));
	return error;
}

test("an address has its parameters and its query, encoded, without members that are missing", () => {
	assert.equal(address("/v1/admin/widgets/{id}", { id: "a/b c" }), "/v1/admin/widgets/a%2Fb%20c");
	assert.equal(
		address("/v1/x", {}, { q: "a&b", limit: 5, cursor: undefined }),
		"/v1/x?q=a%26b&limit=5",
	);
	assert.equal(address("/v1/x", {}, { cursor: null }), "/v1/x");
});

test("a request sends JSON and the ETag that was read", async () => {
	const { api, calls } = clientOf(() => json(200, { name: "Support" }, { ETag: '"2"' }));
	await api.put("/v1/admin/widgets/{widgetId}", {
		path: { widgetId: "w1" },
		body: { name: "Support" },
		ifMatch: '"1"',
	});
	const call = calls[0];
	assert.equal(call?.path, "/v1/admin/widgets/w1");
	assert.equal(call?.init.method, "PUT");
	assert.deepEqual(call?.init.headers, { "Content-Type": "application/json", "If-Match": '"1"' });
	assert.equal(call?.init.body, '{"name":"Support"}');
	const read = await api.read("/v1/admin/widgets/{widgetId}", { path: { widgetId: "w1" } });
	assert.equal(read.etag, '"2"');
});

test("a response without a body is null", async () => {
	const { api } = clientOf(() => new Response(null, { status: 204 }));
	assert.equal(await api.post("/api/logout"), null);
});

test("an expired session is reported, a wrong password is not", async () => {
	let code = "invalid_password";
	const { api, signedOut } = clientOf(() => json(401, { error: "No", code }));
	const login = await failureOf(api.post("/api/login", { body: { password: "x" } }));
	assert.equal(login.failure, "refused");
	assert.equal(signedOut(), 0);
	code = "unauthorized";
	await failureOf(api.get("/v1/admin/me"));
	assert.equal(signedOut(), 1);
	await failureOf(api.stream("/v1/admin/agents/{agentId}/test", { path: { agentId: "a" } }));
	assert.equal(signedOut(), 2);
});

test("a refusal has the server's reason, code, fields and wait", async () => {
	const body = { error: "Invalid widget", code: "invalid_fields", fields: { name: "too long" } };
	const { api } = clientOf(() => json(422, body, { "Retry-After": "7" }));
	const error = await failureOf(api.get("/v1/admin/me"));
	assert.equal(error.failure, "refused");
	assert.equal(error.message, "Invalid widget");
	assert.equal(error.code, "invalid_fields");
	assert.deepEqual(error.fields, { name: "too long" });
	assert.equal(error.retryAfterMs, 7000);
});

test("a conflict has the record as it is now, with its ETag", async () => {
	const body = { error: "Somebody has changed it", code: "changed", current: { name: "New" } };
	const { api } = clientOf(() => json(412, body, { ETag: '"3"' }));
	const error = await failureOf(api.get("/v1/admin/me"));
	assert.equal(error.isConflict, true);
	assert.deepEqual(error.current, { name: "New" });
	assert.equal(error.etag, '"3"');
});

test("the page of a proxy is a refusal with its status, and an invalid body is garbled", async () => {
	const proxy = clientOf(() => new Response("<h1>Bad gateway</h1>", { status: 502 }));
	assert.equal((await failureOf(proxy.api.get("/v1/admin/me"))).message, "HTTP 502");
	const garbled = clientOf(() => new Response("{", { status: 200 }));
	assert.equal((await failureOf(garbled.api.get("/v1/admin/me"))).failure, "garbled");
});

test("a lost network and an abort of the caller are network failures", async () => {
	const { api } = clientOf(() => Promise.reject(new TypeError("fetch failed")));
	assert.equal((await failureOf(api.get("/v1/admin/me"))).failure, "network");
	const abort = new AbortController();
	abort.abort();
	const aborted = createClient(
		() => {},
		(path, init) => fetch(new URL(path, "http://127.0.0.1:9"), init),
	);
	const error = await failureOf(aborted.get("/v1/admin/me", { signal: abort.signal }));
	assert.equal(error.failure, "network");
	assert.match(error.message, /abort/i);
});

test("Retry-After is read as seconds or as a date, and an invalid one is ignored", () => {
	const now = Date.UTC(2025, 5, 18, 12, 0, 0);
	assert.equal(retryAfterMs("30", now), 30_000);
	assert.equal(retryAfterMs("0", now), 0);
	assert.equal(retryAfterMs("Wed, 18 Jun 2025 12:01:00 GMT", now), 60_000);
	assert.equal(retryAfterMs("Wed, 18 Jun 2025 11:00:00 GMT", now), 0);
	assert.equal(retryAfterMs("soon", now), null);
	assert.equal(retryAfterMs(null, now), null);
});
