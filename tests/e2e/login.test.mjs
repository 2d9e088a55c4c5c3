// Signing in and out: passwords, cookies, the pages of the dashboard, origins, and the limits of attempts.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addUser, fromElsewhere, LONG_PENALTY, logIn, postLogin } from "./accounts.mjs";
import { assertError } from "./client.mjs";
import { Contract } from "./contract.mjs";
import { PASSWORD, until, useBanter, withBanter } from "./harness.mjs";

const ME = "/v1/admin/me";
const DASHBOARD = { password: PASSWORD };
/** Each login comes from its own address, so that no limit applies. */
const TRUSTED = { TRUSTED_PROXIES: "127.0.0.1,::1" };

/** Too long for any password, so that it is rejected before hashing. */
const TOO_LONG = "x".repeat(1025);

/** The default of LOGIN_FAILURES. */
const ATTEMPTS = 10;

const contract = new Contract();

/** POST /api/login, checked against the OpenAPI document. */
async function attempt(banter, body, options) {
	return contract.check("POST", "/api/login", await postLogin(banter, body, options));
}

/**
 * A Set-Cookie header (RFC 6265, 4.1) as its pair and its attributes in lower case: that of the session, or of
 * the browser that is known from now on.
 */
function parseCookie(answer, { known = false } = {}) {
	const cookies = answer.headers["set-cookie"];
	const [pair, ...attributes] = cookies[known ? 1 : 0].split(/; */);
	const parts = attributes.map((text) => text.toLowerCase().split("="));
	return {
		pair,
		attributes: Object.fromEntries(parts.map(([name, value]) => [name, value ?? true])),
	};
}

/** Signs in; resolves to the cookie alone. */
async function session(banter) {
	return { cookie: parseCookie(await attempt(banter, DASHBOARD)).pair };
}

function assertLeadsTo(answer, path) {
	assert.equal(answer.status, 303);
	const to = new URL(answer.headers.location, "http://x");
	assert.deepEqual([to.host, to.pathname], ["x", path]);
}

describe("a login", () => {
	const banter = useBanter({ env: TRUSTED });

	it("is by e-mail as soon as there are users", async () => {
		const ways = async () => {
			const answer = await banter.get("/api/login");
			contract.check("GET", "/api/login", answer);
			return answer.json;
		};
		assert.deepEqual(await ways(), { password: true, users: false, mails: true });
		await addUser(banter, "first@example.com");
		assert.deepEqual(await ways(), { password: true, users: true, mails: true });
	});

	it("returns an HttpOnly cookie", async () => {
		const answer = await attempt(banter, DASHBOARD);
		assert.equal(answer.status, 200, answer.text);
		assert.match(answer.headers["cache-control"], /no-store/);
		const { pair, attributes } = parseCookie(answer);
		assert.match(pair, /^[\w-]+=[\w.~-]{22,}$/, "128 random bits or more");
		const week = String(7 * 24 * 3600);
		assert.deepEqual(attributes, { httponly: true, samesite: "lax", path: "/", "max-age": week });
		assert.notEqual((await session(banter)).cookie, pair);
	});

	it("is accepted for a user with an e-mail in any case, and for DASHBOARD_PASSWORD", async () => {
		const { password } = await addUser(banter, "Jane@Example.com");
		for (const body of [
			{ email: "jane@EXAMPLE.COM", password },
			{ email: null, ...DASHBOARD },
		])
			assert.equal((await attempt(banter, body, fromElsewhere())).status, 200);
	});

	const email = "jane@example.com";
	for (const [what, body, status, error] of [
		["a wrong password", { email, password: "wrong" }, 401, "Invalid password"],
		["an unknown e-mail", { email: "joan@x.example", password: "x" }, 401, "Invalid password"],
		["DASHBOARD_PASSWORD for a user", { email, password: PASSWORD }, 401, "Invalid password"],
		["a password that is too long", { email, password: TOO_LONG }, 401, "Invalid password"],
		["a wrong DASHBOARD_PASSWORD", { password: `${PASSWORD}x` }, 401, "Invalid password"],
		["no password", { email }, 400, "Password is required"],
		["an empty password", { password: "" }, 400, "Password is required"],
		["a password of another type", { password: 7 }, 400],
		["an invalid e-mail", { email: "jane", password: "x" }, 400, "Invalid email"],
		["an e-mail of another type", { email: 7, password: "x" }, 400, "Invalid email"],
		["an empty e-mail", { email: "", password: "x" }, 400, "Invalid email"],
		["a body that is not JSON", "no JSON", 400],
		["a body that is not an object", "[]", 400],
	])
		it(`is refused with ${what}`, async () => {
			const answer = await attempt(banter, body, fromElsewhere());
			assertError(answer, status, error);
			assert.equal(answer.headers["set-cookie"], undefined);
		});

	it("is refused if the body is too large, and so is a logout", async () => {
		const headers = { "content-length": "4097" };
		for (const path of ["/api/login", "/api/logout"])
			await contract.drive(banter, 413, "POST", path, { headers });
	});
});

describe("a session", () => {
	const banter = useBanter();

	it("ends on the server with a logout, and no other one does", async () => {
		const [mine, other] = [await session(banter), await session(banter)];
		const headers = { cookie: `banter_session=of-another-path; ${mine.cookie}` };
		const answer = await contract.drive(banter, 200, "POST", "/api/logout", { headers });
		assert.equal(parseCookie(answer).attributes["max-age"], "0");
		assertError(await banter.get(ME, mine), 401);
		assertLeadsTo(await banter.get("/", mine), "/login");
		assert.equal((await banter.get(ME, other)).status, 200);
		await contract.drive(banter, 200, "POST", "/api/logout");
	});

	it("is needed for a page, which /login knows as the place to return to", async () => {
		for (const path of [
			"/widgets/create",
			"/settings/users",
			"/?view=waiting&tag=a%20b",
			"/search?q=%C3%A9",
		]) {
			const answer = await banter.get(path);
			assertLeadsTo(answer, "/login");
			const to = new URL(answer.headers.location, "http://x");
			assert.equal(to.searchParams.get("next"), path);
		}
		for (const path of ["/", `/search?q=${"x".repeat(600)}`])
			assert.equal((await banter.get(path)).headers.location, "/login");
	});

	it("is not needed for an unknown path: browsers get a page, programs an error", async () => {
		const browser = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
		for (const path of ["/unknown", "/settings/a/b/c", "/conversations/"]) {
			const page = await banter.get(path, browser);
			assert.equal(page.status, 404);
			assert.match(page.headers["content-type"], /^text\/html/);
			assert.match(page.headers["content-security-policy"], /default-src 'none'/);
			assert.equal(page.text, (await banter.get("/login")).text);
			for (const headers of [{}, { accept: "*/*" }, { accept: "application/json" }])
				assertError(await banter.get(path, headers), 404, "Not found");
		}
		for (const path of ["/v1/unknown", "/api/unknown"])
			assertError(await banter.get(path, browser), 404, "Not found");
		assertError(await banter.request("POST", "/unknown", { headers: browser }), 404, "Not found");
	});

	it("is not needed for /login, a page with a strict policy and nothing inline, whose files all exist", async () => {
		const page = await banter.get("/login");
		assert.equal(page.status, 200);
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

describe("login attempts", () => {
	const WRONG = { password: TOO_LONG };

	/** Fails from this address, so often until it is refused. */
	async function exhaust(banter, body, options, failures = ATTEMPTS) {
		const fail = () => attempt(banter, { ...body, ...WRONG }, options);
		for (let i = 0; i < failures; i++) assert.notEqual((await fail()).status, 429, `after ${i}`);
		assert.equal((await fail()).status, 429);
	}

	/** Tries a login, and expects this status. */
	async function expect(status, banter, body, options) {
		const answer = await attempt(banter, body, options);
		assert.equal(answer.status, status, answer.text);
		return answer;
	}

	it("are limited by source, over all accounts and workers; a success does not count", async () => {
		await withBanter({ env: LONG_PENALTY, workers: 2 }, async (banter) => {
			const who = await addUser(banter, "once@example.com");
			for (let i = 0; i < ATTEMPTS; i++) {
				if (i === 2) await expect(200, banter, who);
				const stranger = { email: `u${i}@example.com`, ...WRONG };
				const { headers } = await expect(401, banter, stranger);
				const left = String(ATTEMPTS - 1 - i);
				assert.equal(headers["ratelimit-remaining"], left);
			}
			for (const body of [DASHBOARD, WRONG, { ...who, email: "another@example.com" }]) {
				const late = await expect(429, banter, body);
				assertError(late, 429, "Too many login attempts");
				assert.match(late.headers["retry-after"], /^(600|5\d\d)$/);
				assert.equal(late.headers["ratelimit-limit"], String(ATTEMPTS));
				assert.equal(late.headers["ratelimit-remaining"], "0");
				assert.equal(late.headers["set-cookie"], undefined);
			}
			assert.equal(await banter.metric('rate_limited_total{rule="login"}'), 3);
			assert.equal((await banter.chat("s", "[[tokens=1]]")).status, 200);
		});
	});

	it("from a /24 or a /64 share a limit, other addresses are not affected", async () => {
		await withBanter({ env: { ...TRUSTED, ...LONG_PENALTY }, workers: 1 }, async (banter) => {
			const who = await addUser(banter, "jane@example.com");
			for (const [address, neighbour, stranger] of [
				["198.51.100.1", "198.51.100.255", "198.51.101.1"],
				["2001:db8::1", "2001:db8::ffff:0:0:1", "2001:db8:0:1::1"],
			]) {
				await exhaust(banter, who, { from: address });
				await expect(429, banter, who, { from: neighbour });
				await expect(200, banter, who, { from: stranger });
			}
		});
	});

	it("from a browser or an address that signed in to the account before have limits of their own", async () => {
		await withBanter({ env: { ...TRUSTED, ...LONG_PENALTY }, workers: 2 }, async (banter) => {
			const who = await addUser(banter, "jane@example.com");
			const joe = await addUser(banter, "joe@example.com");
			const home = { from: "198.51.100.1" };
			const travel = { from: "203.0.113.1" };
			const known = parseCookie(await expect(200, banter, who, home), { known: true });
			assert.deepEqual(known.attributes, {
				httponly: true,
				samesite: "lax",
				path: "/",
				"max-age": String(180 * 24 * 3600),
			});
			const browser = { headers: { cookie: known.pair } };
			// From the same /24, and from where the owner travels.
			await exhaust(banter, joe, { from: "198.51.100.2" });
			await exhaust(banter, joe, travel);
			await expect(200, banter, who, home);
			await expect(429, banter, who, travel);
			await expect(200, banter, who, { ...travel, ...browser });
			// Neither helps with another account; and a changed cookie does not help.
			await expect(429, banter, joe, { ...home, ...browser });
			const forged = { headers: { cookie: known.pair.replace(/.$/, "!") } };
			await expect(429, banter, joe, { ...travel, ...forged });
			// The cookie survives new workers and a new store process, and its own limit is not endless.
			await banter.storaged.kill("SIGKILL");
			await banter.killWorkers(banter.workerPids());
			await banter.ready();
			await expect(200, banter, who, { ...travel, ...browser });
			await exhaust(banter, who, { from: "192.0.2.1", ...browser }, 2 * ATTEMPTS);
			// The browser waits for its own block, not for a longer one of another source.
			const wait = async (at) =>
				Number((await expect(429, banter, who, { ...at, ...browser })).headers["retry-after"]);
			await until("two seconds pass", async () => (await wait({ from: "192.0.2.1" })) <= 598);
			await exhaust(banter, joe, { from: "192.0.3.1" });
			assert.ok((await wait({ from: "192.0.3.1" })) <= 598);
		});
	});

	it("at DASHBOARD_PASSWORD have a total limit, except where it was known before", async () => {
		const env = { ...TRUSTED, DASHBOARD_LOGINS_PER_MINUTE: "3" };
		await withBanter({ env, workers: 2 }, async (banter) => {
			const home = fromElsewhere();
			await expect(200, banter, DASHBOARD, home);
			for (let i = 1; i < 3; i++) await expect(401, banter, WRONG, fromElsewhere());
			const late = await expect(429, banter, DASHBOARD, fromElsewhere());
			assert.equal(late.headers["ratelimit-limit"], "3");
			await expect(200, banter, DASHBOARD, home);
			const who = await addUser(banter, "jane@example.com");
			await expect(200, banter, who, fromElsewhere());
		});
	});
});

describe("without DASHBOARD_PASSWORD and ADMIN_API_KEY", () => {
	const env = { DASHBOARD_PASSWORD: undefined, ADMIN_API_KEY: undefined };
	const banter = useBanter({ env, workers: 1 });

	it("only users can sign in, and their keys are valid", async () => {
		const headers = await logIn(banter, await addUser(banter, "jane@example.com"));
		assert.equal((await banter.get(ME, headers)).status, 200);
		const keys = "/v1/admin/keys";
		const { json } = await banter.request("POST", keys, { headers, body: { kind: "admin" } });
		const key = { "x-admin-api-key": json.key };
		assert.equal((await banter.get(ME, key)).status, 200);
		assertError(await banter.get(ME), 503);
		assertError(await banter.get(ME, { "x-admin-api-key": "another" }), 503);
		const { status } = await banter.request("DELETE", `${keys}/${json.id}`, { headers });
		assert.equal(status, 204);
		assertError(await banter.get(ME, key), 401, "Unauthorized");
	});

	it("no password is accepted, not even an empty one", async () => {
		const missing = "DASHBOARD_PASSWORD is not configured on this deployment";
		for (const password of ["", "undefined", PASSWORD]) {
			const answer = await attempt(banter, { password });
			assertError(answer, password === "" ? 400 : 503, password === "" ? undefined : missing);
			assert.equal(answer.headers["set-cookie"], undefined);
		}
		assertLeadsTo(await banter.get("/"), "/login");
	});
});

describe("origins", () => {
	const env = { APP_ENV: "production", CORS_ORIGIN: "https://site.example" };
	const banter = useBanter({ env });
	const host = "chat.example";
	const own = { host, origin: `https://${host}` };

	it("in production the cookie is Secure, and the dashboard's own origin may log in", async () => {
		const answer = await attempt(banter, DASHBOARD, { headers: own });
		assert.equal(answer.status, 200, answer.text);
		const { pair, attributes } = parseCookie(answer);
		const known = parseCookie(answer, { known: true });
		assert.match(known.pair, /^__Host-banter_known=/);
		assert.equal(known.attributes.secure, true);
		assert.equal(attributes.secure, true);
		// The prefix forbids a domain and needs this path.
		assert.match(pair, /^__Host-banter_session=/);
		assert.deepEqual([attributes.domain, attributes.path], [undefined, "/"]);
		assert.equal((await banter.get(ME, { cookie: pair })).status, 200);
		assertError(await banter.get(ME, { cookie: pair.replace("__Host-", "") }), 401);
	});

	it("foreign sites, and those that may chat, can use neither login nor session", async () => {
		const headers = await session(banter);
		const similar = `${own.origin}.evil.example`;
		for (const origin of ["https://evil.example", "null", similar, "https://site.example"]) {
			assertError(await attempt(banter, DASHBOARD, { headers: { host, origin } }), 403);
			for (const path of ["/api/logout", "/v1/admin/widgets"]) {
				const foreign = { headers: { ...headers, host, origin }, body: {} };
				const answer = await banter.request("POST", path, foreign);
				assertError(answer, 403);
				assert.equal(answer.headers["access-control-allow-credentials"], undefined);
			}
		}
		assert.equal((await banter.get(ME, headers)).status, 200);
		const request = { headers: { ...headers, ...own }, body: {} };
		assert.equal((await banter.request("POST", "/v1/admin/widgets", request)).status, 201);
	});
});

it("shows every documented status", () => contract.assertComplete("login"));
