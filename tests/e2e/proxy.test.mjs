// Behind proxies: which forwarding headers are trusted, and their effects. Requests come from
// 127.0.0.1, a trusted proxy, or from 127.0.0.2, an untrusted client. All forms of the headers:
// tests/unit/workerd/api/request/test_client_address.c.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError } from "./client.mjs";
import { ADMIN_KEY, PASSWORD, useBanter, WIDGET_KEY, withBanter } from "./harness.mjs";

const PROXY = "127.0.0.1";
const ANYBODY = "127.0.0.2";
const TRUSTED_PROXIES = "127.0.0.1, 10.0.0.0/8";

// A window so long that nothing is replenished during a test.
const STRICT = {
	TRUSTED_PROXIES,
	RATE_LIMIT_MAX_REQUESTS: "2",
	RATE_LIMIT_WINDOW_MS: "86400000",
};

/** POST /v1/chat with a wrong key: 401, or 429 above the limit. */
async function knock(banter, forwardedFor, { from = PROXY, headers = {} } = {}) {
	const chain = forwardedFor === undefined ? {} : { "x-forwarded-for": forwardedFor };
	const answer = await banter.request("POST", "/v1/chat", {
		headers: { ...chain, ...headers },
		body: "{}",
		from,
	});
	return answer.status;
}

/** The client address of the newest request in the log. */
async function loggedClient(banter, headers, from = PROXY) {
	const name = `client-${Math.random().toString(36).slice(2)}`;
	await banter.request("GET", "/health", { headers: { ...headers, "x-request-id": name }, from });
	const line = await banter.log.waitFor(`request ${name}`, (one) => one.request === name);
	return line.client;
}

describe("the client's address behind a proxy", () => {
	const banter = useBanter({ env: { TRUSTED_PROXIES } });

	it("is the rightmost of X-Forwarded-For that is not a proxy's", async () => {
		for (const [chain, client] of [
			["6.6.6.6, 198.51.100.1, 10.1.2.3", "198.51.100.1"],
			[["6.6.6.6", "198.51.100.1", "10.1.2.3"], "198.51.100.1"],
			["[2001:db8::1]:443", "2001:db8::1"],
			["198.51.100.1, <script>", PROXY],
		])
			assert.equal(await loggedClient(banter, { "x-forwarded-for": chain }), client);
	});

	it("is not changed by headers of untrusted clients", async () => {
		const address = "198.51.100.1";
		const forged = {
			"x-forwarded-for": address,
			"x-real-ip": address,
			forwarded: `for=${address}`,
		};
		assert.equal(await loggedClient(banter, forged, ANYBODY), ANYBODY);
	});
});

describe("rate limits behind a proxy", () => {
	const forwarded = { headers: { forwarded: "for=198.51.100.77" } };
	for (const [name, knocks] of [
		[
			"each client has its own, whatever it prepends to its address",
			[
				[401, "198.51.100.1"],
				[401, "6.6.6.1, 198.51.100.1"],
				[429, ["6.6.6.2", "198.51.100.1, 10.0.0.1"]],
				[429, "::ffff:198.51.100.1"],
				[401, "198.51.100.2"],
			],
		],
		[
			"an untrusted client cannot use another client's allowance or get a new one",
			[
				[401, "198.51.100.1", { from: ANYBODY }],
				[401, "198.51.100.1", { from: ANYBODY }],
				[429, "198.51.100.99", { from: ANYBODY }],
				[401, "198.51.100.1"],
				[401, "198.51.100.1", forwarded],
				[429, "198.51.100.1", forwarded],
			],
		],
	])
		it(name, async () => {
			await withBanter({ env: STRICT, workers: 2 }, async (banter) => {
				for (const [status, chain, how] of knocks)
					assert.equal(await knock(banter, chain, how), status, chain);
			});
		});
});

describe("the client's scheme behind a proxy", () => {
	const banter = useBanter({ env: { TRUSTED_PROXIES, CORS_ORIGIN: "https://site.example" } });
	const host = "chat.example";

	async function logIn(proto, { from = PROXY, origin } = {}) {
		const headers = { host };
		if (proto) headers["x-forwarded-proto"] = proto;
		if (origin) headers.origin = origin;
		return banter.request("POST", "/api/login", { headers, body: { password: PASSWORD }, from });
	}

	const isSecure = (answer) => /;\s*secure/i.test(answer.headers["set-cookie"][0]);

	it("https makes the session cookie Secure; http or an untrusted client does not", async () => {
		for (const [secure, proto, options] of [
			[true, "https"],
			[false, "https, http"],
			[false, undefined],
			[false, "https", { from: ANYBODY }],
		])
			assert.equal(isSecure(await logIn(proto, options)), secure, proto);
	});
});

it("the metrics behind a proxy on the same machine require the key, although the listener is a loopback address", async () => {
	await withBanter({ env: { TRUSTED_PROXIES }, workers: 1 }, async (banter) => {
		assertError(await banter.get("/metrics"), 401, "Unauthorized");
		const key = { "x-admin-api-key": ADMIN_KEY };
		assert.equal((await banter.get("/metrics", key)).status, 200);
		const answer = await banter.request("GET", "/metrics", { from: ANYBODY });
		assert.equal(answer.status, 200, "this one is no proxy");
		assert.equal((await banter.get("/metrics", { "x-api-key": WIDGET_KEY })).status, 401);
	});
});
