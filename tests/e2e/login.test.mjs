// The dashboard's login: password, cookie, what a session may do, and logout.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ATTEMPTS, untilRefused } from "./accounts.mjs";
import { assertError } from "./client.mjs";
import { PASSWORD, useBanter, withBanter } from "./harness.mjs";

const LIST = "/v1/admin/conversations";

function logIn(banter, password = PASSWORD, headers = {}) {
	return banter.request("POST", "/api/login", { headers, body: { password } });
}

/** A Set-Cookie header (RFC 6265, 4.1) as its pair and its attributes in lower case. */
function parseCookie(answer) {
	assert.equal(answer.headers["set-cookie"]?.length, 1, "one cookie");
	const [pair, ...attributes] = answer.headers["set-cookie"][0].split(/; */);
	const parts = attributes.map((text) => text.toLowerCase().split("="));
	return {
		pair,
		attributes: Object.fromEntries(parts.map(([name, value]) => [name, value ?? true])),
	};
}

async function session(banter) {
	const answer = await logIn(banter);
	assert.equal(answer.status, 200, answer.text);
	return { cookie: parseCookie(answer).pair };
}

function assertLeadsTo(answer, path) {
	assert.equal(answer.status, 303);
	const to = new URL(answer.headers.location, "http://x");
	assert.equal(to.host, "x", "to this host");
	assert.equal(to.pathname, path);
}

describe("the dashboard", () => {
	const banter = useBanter();

	it("the right password returns 200 and an HttpOnly cookie", async () => {
		const answer = await logIn(banter);
		assert.equal(answer.status, 200);
		assert.deepEqual(answer.json, { ok: true });
		assert.match(answer.headers["cache-control"], /no-store/);
		const { pair, attributes } = parseCookie(answer);
		assert.match(pair, /^[\w-]+=[\w.~-]{22,}$/, "128 random bits or more");
		assert.equal(attributes.httponly, true);
		assert.equal(attributes.samesite, "lax");
		assert.equal(attributes.path, "/");
		assert.equal(attributes["max-age"], String(7 * 24 * 3600));
		assert.equal(attributes.domain, undefined);
		assert.equal(attributes.secure, undefined);
		assert.notEqual(parseCookie(await logIn(banter)).pair, pair);
	});

	it("the session gives access to the admin API, as the key does", async () => {
		const { json } = await banter.chat("visitor", "[[tokens=1]]");
		const headers = await session(banter);
		const list = await banter.get(LIST, headers);
		assert.equal(list.status, 200);
		assert.equal(list.json.conversations[0].sessionId, "visitor");
		const thread = await banter.get(`${LIST}/${json.conversationId}`, headers);
		assert.equal(thread.json.messages.length, 2);
	});

	it("the cookie is found among others; a changed or foreign one is invalid", async () => {
		const { cookie } = await session(banter);
		const [name, token] = cookie.split("=");
		assert.equal((await banter.get(LIST, { cookie: `a=b; ${cookie}; c="d e"` })).status, 200);
		const flipped = token.replace(/.$/, (last) => (last === "A" ? "B" : "A"));
		for (const wrong of [
			`${name}=`,
			name,
			`${name}=${flipped}`,
			`${name}=${token}x`,
			`${name}x=${token}`,
			`x${cookie}`,
			`${name}=${"A".repeat(5000)}`,
		])
			assertError(await banter.get(LIST, { cookie: wrong }), 401);
	});

	it("logging out ends this session on the server, and no other", async () => {
		const mine = await session(banter);
		const other = await session(banter);
		const answer = await banter.request("POST", "/api/logout", { headers: mine });
		assert.equal(answer.status, 200);
		assert.equal(parseCookie(answer).attributes["max-age"], "0");
		assertError(await banter.get(LIST, mine), 401);
		assertLeadsTo(await banter.get("/", mine), "/login");
		assert.equal((await banter.get(LIST, other)).status, 200);
	});

	it("logging out without a session succeeds", async () => {
		assert.equal((await banter.request("POST", "/api/logout")).status, 200);
	});

	it("a session survives a restart", async () => {
		const headers = await session(banter);
		await banter.storaged.kill("SIGKILL");
		await banter.killWorkers(banter.workerPids());
		await banter.ready();
		assert.equal((await banter.get(LIST, headers)).status, 200);
	});

	it("pages redirect to /login without a session, and /login redirects to them with one", async () => {
		const headers = await session(banter);
		for (const path of ["/", "/conversations/0192f000-0000-7000-8000-000000000000"]) {
			assertLeadsTo(await banter.get(path), "/login");
			assertLeadsTo(await banter.get(path, { cookie: "banter_session=nobody" }), "/login");
			const page = await banter.get(path, headers);
			assert.equal(page.status, 200);
			assert.match(page.headers["content-type"], /^text\/html; *charset=utf-8/i);
		}
		assert.equal((await banter.get("/login")).status, 200);
		assertLeadsTo(await banter.get("/login", headers), "/");
	});

	it("pages have a strict policy and nothing inline, and every file they name exists", async () => {
		const page = await banter.get("/login");
		const policy = page.headers["content-security-policy"];
		assert.match(policy, /default-src 'none'/);
		assert.match(policy, /script-src 'self'(;|$)/);
		assert.match(policy, /style-src 'self'(;|$)/);
		assert.match(policy, /frame-ancestors 'none'/);
		assert.doesNotMatch(policy, /unsafe-/);
		assert.doesNotMatch(page.text, /<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/i);
		const paths = [...page.text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path);
		assert.ok(paths.length >= 2, "a script and a style sheet");
		for (const path of paths) {
			const asset = await banter.get(path);
			assert.equal(asset.status, 200, path);
			assert.match(asset.headers["content-type"], /javascript|css|svg/);
		}
	});
});

describe("the password", () => {
	it("400 when it is missing, 401 when it is wrong", async () => {
		await withBanter({ workers: 1 }, async (banter) => {
			for (const body of ["{}", '{"password":""}'])
				assertError(
					await banter.request("POST", "/api/login", { body }),
					400,
					"Password is required",
				);
			for (const body of ['{"password":7}', "no JSON", "[]"])
				assertError(await banter.request("POST", "/api/login", { body }), 400);
			const wrong = await logIn(banter, `${PASSWORD}x`);
			assertError(wrong, 401, "Invalid password");
			assert.equal(wrong.headers["set-cookie"], undefined);
		});
	});

	it("ten attempts a minute over all workers; then 429, also for the right one", async () => {
		await withBanter({ workers: 2 }, async (banter) => {
			const since = performance.now();
			for (let i = 0; i < ATTEMPTS; i++)
				assertError(await logIn(banter, "wrong"), 401, "Invalid password");
			for (const password of ["wrong", PASSWORD]) {
				const attempt = () => logIn(banter, password);
				const answer = await untilRefused(attempt, { passed: ATTEMPTS, since });
				assertError(answer, 429, "Too many login attempts");
				assert.match(answer.headers["retry-after"], /^[1-9]\d?$/);
				assert.equal(answer.headers["set-cookie"], undefined);
			}
			assert.equal((await banter.chat("s", "[[tokens=1]]")).status, 200);
		});
	});

	it("without DASHBOARD_PASSWORD every login fails, also with an empty password", async () => {
		await withBanter({ env: { DASHBOARD_PASSWORD: undefined }, workers: 1 }, async (banter) => {
			for (const password of ["", "undefined", PASSWORD]) {
				const answer = await logIn(banter, password);
				assert.ok(answer.status >= 400, answer.text);
				assert.equal(answer.headers["set-cookie"], undefined);
			}
			assertError(
				await logIn(banter),
				503,
				"DASHBOARD_PASSWORD is not configured on this deployment",
			);
			assertLeadsTo(await banter.get("/"), "/login");
		});
	});

	it("the session gives access to the admin API also without ADMIN_API_KEY", async () => {
		await withBanter({ env: { ADMIN_API_KEY: undefined }, workers: 1 }, async (banter) => {
			assert.equal((await banter.get(LIST, await session(banter))).status, 200);
			assertError(await banter.get(LIST), 503);
		});
	});
});

describe("origins", () => {
	const env = { APP_ENV: "production", CORS_ORIGIN: "https://site.example" };
	const banter = useBanter({ env });
	const host = "chat.example";
	const own = { host, origin: `https://${host}` };

	it("in production the cookie is Secure, and the dashboard's own origin may log in", async () => {
		const answer = await logIn(banter, PASSWORD, own);
		assert.equal(answer.status, 200, answer.text);
		assert.equal(parseCookie(answer).attributes.secure, true);
	});

	it("a foreign site can neither log in nor log out", async () => {
		const headers = await session(banter);
		for (const origin of ["https://evil.example", "null", `https://${host}.evil.example`]) {
			assertError(await logIn(banter, PASSWORD, { host, origin }), 403);
			assertError(
				await banter.request("POST", "/api/logout", { headers: { ...headers, host, origin } }),
				403,
			);
		}
		assert.equal((await banter.get(LIST, headers)).status, 200);
	});

	it("a site that may chat cannot use the dashboard's session", async () => {
		const headers = await session(banter);
		const answer = await banter.request("POST", "/api/logout", {
			headers: { ...headers, host, origin: "https://site.example" },
		});
		assertError(answer, 403);
		assert.equal(answer.headers["access-control-allow-credentials"], undefined);
		assert.equal((await banter.get(LIST, headers)).status, 200);
	});
});
