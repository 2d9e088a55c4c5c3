// The caller of the admin API, its logins and its password, and the keys of organizations. Every response is
// checked against the OpenAPI document, and every documented status occurs. Signing in: login.test.mjs.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addOrg, addUser, fromElsewhere, LONG_PENALTY, logIn, postLogin } from "./accounts.mjs";
import { assertError } from "./client.mjs";
import { Contract } from "./contract.mjs";
import { routes } from "./document.mjs";
import {
	ADMIN_KEY,
	PASSWORD,
	times,
	until,
	useBanter,
	WIDGET_KEY,
	withBanter,
} from "./harness.mjs";
import { ADMIN, assertFields, NOBODY } from "./organizations.mjs";
import { expectTool, importRecords, loginLine, ORG } from "./tool.mjs";

const MEMBER = ["--member"];
const FRESH = "a new password";
const KEYS_MAX = 200;

/** The routes of routes.def that refuse members. */
const OWNERS_ONLY = [
	...["users_list", "users_create", "users_get", "users_change", "users_delete"],
	...["invitations_list", "invitations_create", "invitations_delete"],
	...["keys_list", "keys_create", "keys_delete"],
	...["teams_create", "teams_change", "teams_delete"],
	...["tools_create", "tools_change", "tools_delete", "tools_test", "mcp_tools"],
	...["webhooks_list", "webhooks_create", "webhooks_get", "webhooks_change", "webhooks_delete"],
	...[
		"webhooks_test",
		"webhooks_deliveries",
		"webhooks_end_old_secret",
		"webhooks_retry",
		"webhooks_secret",
	],
	...["budgets_get", "budgets_put", "prices_change", "server", "tags_delete"],
	...["widgets_make_secret", "widgets_delete_secret", "rights_change", "hours_change"],
	...["sources_create", "sources_change", "sources_delete", "sources_crawl", "sources_removal"],
	...["sources_page_delete", "sources_content"],
];

const contract = new Contract();

/** Sends a request to the admin API, and checks the response. */
const send = (banter, status, method, path, headers, body) =>
	contract.drive(banter, status, method, `/v1/admin/${path}`, { headers, body });
const list = async (banter, what, headers) =>
	(await send(banter, 200, "GET", what, headers)).json[what];

describe("a user", () => {
	const banter = useBanter({ env: { TRUSTED_PROXIES: "127.0.0.1,::1" } });
	const enter = (who, options) => logIn(banter, who, { ...fromElsewhere(), ...options });
	const meOf = async (headers) => (await send(banter, 200, "GET", "me", headers)).json;
	const assertEnded = (session) => send(banter, 401, "GET", "me", session);

	it("reads its name, role and organization; a key and DASHBOARD_PASSWORD have an owner's rights and no user", async () => {
		const org = await addOrg(banter, "Foreign");
		const jane = await addUser(banter, "Jane@Example.com", "--name", "Jane Doe", "--org", org);
		const { organization, user, role, key } = await meOf(await enter(jane));
		assert.deepEqual(organization, { id: org, name: "Foreign" });
		const { id, ...rest } = user;
		assert.deepEqual(rest, {
			email: "Jane@Example.com",
			name: "Jane Doe",
			role: "owner",
			picture: null,
			availability: "away", // until the first input
			chosenAvailability: "online",
		});
		assert.deepEqual([role, key], ["owner", false]);
		for (const headers of [ADMIN, await enter({ password: PASSWORD })]) {
			const me = await meOf(headers);
			assert.deepEqual([me.user, me.role, me.key], [null, "owner", headers === ADMIN]);
			assert.deepEqual(me.organization, { id: ORG, name: "Default" });
		}
	});

	it("lists its logins and ends one of them, or all others", async () => {
		const who = await addUser(banter, "logins@example.com");
		const phone = await enter(who, { headers: { "user-agent": "Phone\t1.0 \u00e4" } });
		const desk = await enter(who, { from: "2001:db8::7", headers: { "user-agent": "Desk" } });
		const third = await enter(who);
		const other = await enter({ password: PASSWORD });
		const [last, mine, first] = await list(banter, "logins", desk);
		assert.deepEqual([last.current, mine.current, first.current], [false, true, false]);
		assert.deepEqual([mine.program, mine.address], ["Desk", "2001:db8::7"]);
		assert.ok(Math.abs(mine.expires_at - mine.created_at - 7 * 24 * 3600 * 1000) < 60_000);
		assert.match(first.program, /^Phone\?1\.0 \?+$/);
		const path = `logins/${first.id}`;
		assertError(await send(banter, 404, "DELETE", path, other), 404, "Login not found");
		await meOf(phone);
		await send(banter, 204, "DELETE", path, desk);
		await assertEnded(phone);
		await send(banter, 404, "DELETE", path, desk);
		assertError(await send(banter, 400, "DELETE", "logins/x", desk), 400, "Invalid loginId");
		await send(banter, 204, "DELETE", "logins", desk);
		await assertEnded(third);
		assert.equal((await list(banter, "logins", desk)).length, 1);
		await meOf(other);
	});

	it("changes its password, which ends its other sessions", async () => {
		const who = await addUser(banter, "change@example.com", ...MEMBER);
		const [here, there] = [await enter(who), await enter(who)];
		const change = (status, body) => send(banter, status, "PUT", "me/password", here, body);
		const right = { current: who.password, new: FRESH };
		for (const [body, fields] of [
			[{ ...right, current: "wrong" }, ["current"]],
			[{ ...right, new: "too short" }, ["new"]],
			[{ ...right, new: "x".repeat(1025) }, ["new"]],
			[{ current: 7 }, ["current", "new"]],
			[{ ...right, more: 1 }, ["more"]],
		])
			assertFields(await change(422, body), fields);
		assertError(await change(400, "no JSON"), 400, "Invalid request payload");
		await send(banter, 413, "PUT", "me/password", { ...here, "content-length": "16385" });
		await meOf(there);
		await change(204, right);
		await meOf(here);
		await assertEnded(there);
		assertError(await postLogin(banter, who, fromElsewhere()), 401);
		await enter({ ...who, password: FRESH });
		for (const headers of [ADMIN, await enter({ password: PASSWORD })])
			await send(banter, 403, "PUT", "me/password", headers, right);
	});

	it("is protected from guesses with a stolen session, which do not prevent a login", async () => {
		await withBanter(
			{ env: { LOGIN_FAILURES: "2", ...LONG_PENALTY }, workers: 1 },
			async (strict) => {
				const who = await addUser(strict, "stolen@example.com");
				const session = await logIn(strict, who);
				const change = (status, current) =>
					send(strict, status, "PUT", "me/password", session, { current, new: FRESH });
				for (const status of [422, 422, 429]) await change(status, "wrong");
				assertError(await change(429, who.password), 429, "Too many login attempts");
				await logIn(strict, who);
			},
		);
	});

	it("changes its name, and nothing else of its profile", async () => {
		const who = await addUser(banter, "profile@example.com", ...MEMBER);
		const session = await enter(who);
		const change = (status, body, headers = session) =>
			send(banter, status, "PUT", "me", headers, body);
		for (const name of ["Jane Doe", null]) {
			assert.equal((await change(200, { name })).json.user.name, name);
			assert.equal((await meOf(session)).user.name, name);
		}
		await change(200, {});
		const body = { name: "x".repeat(101), role: "owner", email: "other@example.com" };
		assertFields(await change(422, body), ["email", "name", "role"]);
		await change(400, "[]");
		await change(413, "x".repeat(4097));
		for (const headers of [ADMIN, await enter({ password: PASSWORD })])
			await change(403, { name: "x" }, headers);
	});

	it("changes the version of its profile that it has read, and no other one", async () => {
		const session = await enter(await addUser(banter, "versions@example.com"));
		const { json, headers } = await send(banter, 200, "GET", "me", session);
		const change = (status, name, etag) =>
			send(banter, status, "PUT", "me", { ...session, "if-match": etag }, { name });
		const first = await change(200, "Jane", headers.etag);
		assert.notEqual(first.headers.etag, headers.etag);
		const refused = await change(412, "Joan", headers.etag);
		assert.equal(refused.json.code, "changed");
		assert.deepEqual(refused.json.current, { ...json, user: { ...json.user, name: "Jane" } });
		assert.equal(refused.headers.etag, first.headers.etag);
		// A proxy may make it weak.
		await change(200, "Joan", `W/${first.headers.etag}`);
		await change(200, "Jo", "*");
		assert.equal((await send(banter, 200, "GET", "me", ADMIN)).headers.etag, undefined);
	});

	it("with the role of a member may do everything but what only owners may do", async () => {
		const member = await enter(await addUser(banter, "member@example.com", ...MEMBER));
		assert.equal((await meOf(member)).role, "member");
		const admin = routes().filter(({ pattern }) => pattern.startsWith("/v1/admin/"));
		const owners = admin.filter(({ right }) => right === "MANAGE");
		assert.deepEqual(owners.map(({ name }) => name).sort(), OWNERS_ONLY.sort());
		for (const { method, pattern } of owners) {
			const path = pattern.slice("/v1/admin/".length).replace(/:n\b/, 1).replace(/:\w+/, NOBODY);
			const answer = await send(
				banter,
				403,
				method,
				path,
				member,
				["POST", "PUT"].includes(method) ? {} : undefined,
			);
			assertError(answer, 403, "Only an owner may do this");
		}
		for (const { method, pattern } of admin)
			if (method === "GET" && !pattern.includes(":") && pattern !== "/v1/admin/events")
				if (!owners.some((one) => one.pattern === pattern)) {
					const { status } = await banter.get(pattern, member);
					assert.ok([200, 400, 503].includes(status), pattern); // search: no query, no searchd
				}
	});

	it("with the role of a member sees the names, pictures and states of all users, and nothing else of them", async () => {
		await addUser(banter, "named@example.com", "--name", "Named", ...MEMBER);
		const member = await enter(await addUser(banter, "nameless@example.com", ...MEMBER));
		await send(banter, 400, "GET", "people?limit=0", member);
		const { people } = (await send(banter, 200, "GET", "people?limit=200", member)).json;
		const { users } = (await send(banter, 200, "GET", "users?limit=200", ADMIN)).json;
		assert.deepEqual(
			people,
			users.map(({ id, name, email, picture }) => ({
				...{ id, name: name ?? email, picture },
				availability: "away",
			})),
		);
		const names = people.map(({ name }) => name);
		assert.ok(names.includes("Named") && names.includes("nameless@example.com"));
	});

	it("signed in with DASHBOARD_PASSWORD, ends all other logins in one request, however many there are", async () => {
		const [here, there] = await times(2, () => enter({ password: PASSWORD }));
		const longest = { address: "\u0001".repeat(64), program: "\u0001".repeat(256) };
		const login = (_, i) => loginLine(`${i}`, longest);
		await importRecords(banter, Array.from({ length: 1500 }, login));
		assert.equal((await list(banter, "logins", here)).length, 1000);
		await send(banter, 204, "DELETE", "logins", here);
		await assertEnded(there);
		assert.equal((await list(banter, "logins", here)).length, 1);
		await expectTool(banter, 0, "verify");
	});

	it("leaves events in the log, without passwords", () => {
		const text = banter.log.lines.map((line) => line.text).join("\n");
		for (const secret of [PASSWORD, FRESH, "scrypt"]) assert.ok(!text.includes(secret), secret);
		for (const ev of ["login", "login_failed", "login_ended", "password_changed"])
			assert.ok(text.includes(`ev=${ev} `), ev);
	});
});

/** Sends a message with a widget's key. */
const chat = (banter, key, sessionId = "keys", header = "x-api-key") =>
	banter.request("POST", "/v1/chat", {
		headers: { [header]: key },
		body: { sessionId, message: "[[tokens=1]]" },
	});
/** Uses the admin API with a key. */
const read = (banter, key) => banter.get("/v1/admin/conversations", { "x-admin-api-key": key });

describe("keys", () => {
	const banter = useBanter({ workers: 3 });
	const make = async (body, headers = ADMIN) =>
		(await send(banter, 201, "POST", "keys", headers, body)).json;

	it("are shown once, at creation", async () => {
		const { key, ...rest } = await make({ kind: "widget", name: "The shop" });
		assert.match(key, /^bwk_[A-Za-z0-9_-]{43}$/);
		assert.equal(rest.hint, key.slice(-4));
		assert.deepEqual([rest.kind, rest.name, rest.organization_id], ["widget", "The shop", ORG]);
		assert.deepEqual(await list(banter, "keys", ADMIN), [rest]);
		assert.ok(!banter.log.lines.some((line) => line.text.includes(key)), "no key is logged");
	});

	it("give access to what their kind is for, and to nothing else", async () => {
		const { key: widget } = await make({ kind: "widget" });
		const { key: admin } = await make({ kind: "admin" });
		for (const header of ["x-api-key", "x-widget-api-key"])
			assert.equal((await chat(banter, widget, "keys", header)).status, 200);
		assert.equal((await read(banter, admin)).status, 200);
		for (const wrong of [admin, `${widget}x`, widget.slice(0, -1), `bwk_${"A".repeat(43)}`])
			assertError(await chat(banter, wrong), 401, "Unauthorized");
		for (const wrong of [widget, `bak_${widget.slice(4)}`, `bak_${"A".repeat(43)}`])
			assertError(await read(banter, wrong), 401, "Unauthorized");
		assertError(await banter.get("/metrics", { host: "x", "x-admin-api-key": admin }), 401);
	});

	it("show when they were used last", async () => {
		const { id, key, last_used_at } = await make({ kind: "widget" });
		assert.equal(last_used_at, null);
		assert.equal((await chat(banter, key)).status, 200);
		const used = await until("the use is stored", async () => {
			const keys = await list(banter, "keys", ADMIN);
			return keys.find((one) => one.id === id).last_used_at;
		});
		assert.ok(Math.abs(Date.now() - used) < 60_000);
	});

	it("become invalid in all workers at once when they are revoked", async () => {
		const widget = await make({ kind: "widget" });
		const admin = await make({ kind: "admin" });
		const assertBoth = async (status) => {
			// Enough new connections to reach every worker.
			for (let i = 0; i < 12; i++) {
				assert.equal((await chat(banter, widget.key)).status, status);
				assert.equal((await read(banter, admin.key)).status, status);
			}
		};
		await assertBoth(200);
		for (const { id } of [widget, admin]) await send(banter, 204, "DELETE", `keys/${id}`, ADMIN);
		await assertBoth(401);
	});

	it("belong to their organization, as do the conversations", async () => {
		const org = await addOrg(banter, "Second");
		const owner = await logIn(banter, await addUser(banter, "two@example.com", "--org", org));
		const admin = await make({ kind: "admin" }, owner);
		const widget = await make({ kind: "widget" }, owner);
		const headers = { "x-admin-api-key": admin.key };
		assert.equal(admin.organization_id, org);
		const theirs = (await chat(banter, widget.key, "shared")).json.conversationId;
		const ours = (await chat(banter, WIDGET_KEY, "shared")).json.conversationId;
		assert.notEqual(theirs, ours);
		const ids = (await list(banter, "conversations", headers)).map(({ _id }) => _id);
		assert.deepEqual(ids, [theirs]);
		assert.equal((await list(banter, "keys", headers)).length, 2);
	});

	it("are refused with invalid bodies and ids, and above their limit", async () => {
		for (const [body, fields] of [
			[{}, ["kind"]],
			[{ kind: "root", name: 7, key: "bwk_x" }, ["key", "kind", "name"]],
		])
			assertFields(await send(banter, 422, "POST", "keys", ADMIN, body), fields);
		await send(banter, 400, "POST", "keys", ADMIN, "[]");
		await send(banter, 413, "POST", "keys", { ...ADMIN, "content-length": "4097" });
		const unknown = await send(banter, 404, "DELETE", `keys/${NOBODY}`, ADMIN);
		assertError(unknown, 404, "Key not found");
		assertError(await send(banter, 400, "DELETE", "keys/x", ADMIN), 400, "Invalid keyId");
		const { length } = await list(banter, "keys", ADMIN);
		for (let i = length; i < KEYS_MAX; i++) await make({ kind: "widget" });
		await send(banter, 409, "POST", "keys", ADMIN, { kind: "widget" });
	});
});

describe("keys of the settings", () => {
	const OLD = {
		WIDGET_API_KEY_OLD: "the-widget-key-that-was-before",
		ADMIN_API_KEY_OLD: "the-admin-key-that-was-before",
	};
	const widgetKeys = [WIDGET_KEY, OLD.WIDGET_API_KEY_OLD];
	const adminKeys = [ADMIN_KEY, OLD.ADMIN_API_KEY_OLD];

	it("the old and the new one are valid, each for its own purpose", () =>
		withBanter({ env: OLD, workers: 1 }, async (banter) => {
			for (const key of widgetKeys) assert.equal((await chat(banter, key)).status, 200);
			for (const key of adminKeys) assert.equal((await read(banter, key)).status, 200);
			for (const key of ["", "wrong", ...adminKeys])
				assertError(await chat(banter, key), 401, "Unauthorized");
			for (const key of ["", "wrong", ...widgetKeys])
				assertError(await read(banter, key), 401, "Unauthorized");
		}));

	it("an old key alone does not enable the admin API", async () => {
		const env = { ...OLD, ADMIN_API_KEY: undefined };
		await withBanter({ env, workers: 1 }, async (banter) => {
			assertError(await read(banter, OLD.ADMIN_API_KEY_OLD), 503);
		});
	});
});

it("shows every documented status", () => contract.assertComplete("accounts"));
