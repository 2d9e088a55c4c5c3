// Signing in and out: passwords, cookies, the pages of the dashboard, origins, and the limits of attempts.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ATTEMPTS, addUser, logIn, postLogin, untilRefused } from "./accounts.mjs";
import { assertError } from "./client.mjs";
import { Contract } from "./contract.mjs";
import { PASSWORD, useBanter, withBanter } from "./harness.mjs";

const ME = "/v1/admin/me";
const DASHBOARD = { password: PASSWORD };
/** Too long for any password, so that it is rejected before hashing. */
const TOO_LONG = "x".repeat(1025);
/** Each login comes from its own address, so that no limit applies. */
const TRUSTED = { TRUSTED_PROXIES: "127.0.0.1,::1" };

const contract = new Contract();

/** POST /api/login, checked against the OpenAPI document. */
async function attempt(banter, body, options) {
	return contract.check("POST", "/api/login", await postLogin(banter, body, options));
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
	let next = 0;
	const from = () => ({ from: `192.0.2.${++next}` });

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
			assert.equal((await attempt(banter, body, from())).status, 200);
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
			const answer = await attempt(banter, body, from());
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

	it("is found among other cookies; changed and foreign cookies are invalid", async () => {
		const { cookie } = await session(banter);
		const [name, token] = cookie.split("=");
		const foreign = `${name}=of-another-path; ${name}=${"B".repeat(43)}`;
		for (const before of ["a=b", foreign]) {
			const headers = { cookie: `${before}; ${cookie}; c="d e"` };
			assert.equal((await banter.get(ME, headers)).status, 200);
			assertLeadsTo(await banter.get("/login", headers), "/");
			assert.equal((await banter.get("/", headers)).status, 200);
		}
		const flipped = token.replace(/.$/, (last) => (last === "A" ? "B" : "A"));
		for (const wrong of ["", flipped, `${token}x`, "A".repeat(5000)])
			assertError(await banter.get(ME, { cookie: `${name}=${wrong}` }), 401);
	});

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

	it("survives kills of all processes but masterd, and so does its end", async () => {
		const [headers, ended] = [await session(banter), await session(banter)];
		await banter.request("POST", "/api/logout", { headers: ended });
		await banter.storaged.kill("SIGKILL");
		await banter.killWorkers(banter.workerPids());
		await banter.ready();
		assert.equal((await banter.get(ME, headers)).status, 200);
		assertError(await banter.get(ME, ended), 401);
	});

	it("opens the pages, which redirect to /login without it", async () => {
		const headers = await session(banter);
		for (const path of ["/", "/conversations/0192f000-0000-7000-8000-000000000000"]) {
			assertLeadsTo(await banter.get(path), "/login");
			assertLeadsTo(await banter.get(path, { cookie: "banter_session=nobody" }), "/login");
			const page = await banter.get(path, headers);
			assert.equal(page.status, 200);
			assert.match(page.headers["content-type"], /^text\/html; *charset=utf-8/i);
		}
		assertLeadsTo(await banter.get("/login", headers), "/");
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
	it("are limited to ten per minute and account, over all addresses and spellings", async () => {
		await withBanter({ env: TRUSTED }, async (banter) => {
			const who = await addUser(banter, "often@example.com");
			const emails = ["often@example.com", "OFTEN@example.com", "Often@Example.Com"];
			const unknown = { email: "nobody@example.com", password: "wrong" };
			let address = 0;
			const post = (body) => attempt(banter, body, { from: `198.51.100.${++address}` });
			// Responses do not reveal who is a user: an unknown account has the same limit.
			for (const [spellings, last] of [
				[emails, who],
				[[unknown.email, "Nobody@Example.COM"], unknown],
			]) {
				const since = performance.now();
				for (let i = 0; i < ATTEMPTS; i++) {
					const email = spellings[i % spellings.length];
					assertError(await post({ email, password: TOO_LONG }), 401);
				}
				const late = await untilRefused(() => post(last), { passed: ATTEMPTS, since });
				assertError(late, 429, "Too many login attempts");
				assert.match(late.headers["retry-after"], /^[1-9]\d?$/);
				assert.equal(late.headers["ratelimit-remaining"], "0");
			}
			assert.equal((await post(DASHBOARD)).status, 200, "others can sign in");
		});
	});

	it("are limited to ten per minute and address, over all accounts and workers, even after a success", async () => {
		await withBanter({ workers: 2 }, async (banter) => {
			const who = await addUser(banter, "once@example.com");
			const since = performance.now();
			for (let i = 2; i < ATTEMPTS; i++) {
				const stranger = { email: `u${i}@example.com`, password: TOO_LONG };
				assertError(await attempt(banter, stranger), 401);
			}
			assertError(await attempt(banter, { password: "wrong" }), 401);
			assert.equal((await attempt(banter, who)).status, 200);
			for (const body of [who, DASHBOARD, { password: "wrong" }]) {
				const earlier = { passed: ATTEMPTS, since };
				const late = await untilRefused(() => attempt(banter, body), earlier);
				assertError(late, 429, "Too many login attempts");
				assert.equal(late.headers["set-cookie"], undefined);
			}
			assert.equal((await banter.chat("s", "[[tokens=1]]")).status, 200);
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
