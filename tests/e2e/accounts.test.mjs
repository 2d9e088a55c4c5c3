// Users of the dashboard, their roles and logins, and the keys of organizations.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { ADMIN, ATTEMPTS, addOrg, addUser, logIn, postLogin, untilRefused } from "./accounts.mjs";
import { assertError } from "./client.mjs";
import { PASSWORD, useBanter, withBanter } from "./harness.mjs";
import { LONGEST_EMAIL } from "./organizations.mjs";
import { expectTool, NOBODY as NO_ID, newId, ORG, startTool, toLines } from "./tool.mjs";

const ME = "/v1/admin/me";
const LOGINS = "/v1/admin/logins";
const USERS = "/v1/admin/users";
const KEYS = "/v1/admin/keys";
const LIST = "/v1/admin/conversations";
const NOBODY = "0192f000-0000-7000-8000-000000000000";
const MEMBER = ["--member"];
/** Too long for any password, so that it is rejected before hashing. */
const TOO_LONG = "x".repeat(1025);

/** Each login comes from its own address, so that no limit applies. */
const TRUSTED = { env: { TRUSTED_PROXIES: "127.0.0.1,::1" } };

const send = (banter, method, path, headers, body) =>
	banter.request(method, path, { headers, body });

describe("a user", () => {
	const banter = useBanter(TRUSTED);
	let jane;
	let next = 0;
	const from = () => `192.0.2.${++next}`;
	const enter = (who, options = {}) => logIn(banter, who, { from: from(), ...options });

	it("is added on the command line and signs in with an e-mail in any case", async () => {
		jane = await addUser(banter, "Jane@Example.com", "--name", "Jane Doe");
		const session = await enter({ ...jane, email: "jane@EXAMPLE.COM" });
		const { status, json } = await banter.get(ME, session);
		assert.equal(status, 200);
		assert.deepEqual(json.organization, { id: ORG, name: "Default" });
		const { id, ...user } = json.user;
		assert.deepEqual(user, { email: "Jane@Example.com", name: "Jane Doe", role: "owner" });
		assert.match(id, /^[0-9a-f-]{36}$/);
		assert.equal(json.role, "owner");
		assert.equal(json.key, false);
		assert.equal((await banter.get(LIST, session)).status, 200);
		assert.equal((await banter.get("/", session)).status, 200);
	});

	it("does not exist for a key or DASHBOARD_PASSWORD, which have an owner's rights", async () => {
		const byKey = await banter.get(ME, ADMIN);
		assert.deepEqual([byKey.json.user, byKey.json.role, byKey.json.key], [null, "owner", true]);
		const byPassword = await banter.get(ME, await enter({ password: PASSWORD }));
		assert.deepEqual([byPassword.json.user, byPassword.json.key], [null, false]);
	});

	const refused = [
		["a wrong password", () => ({ ...jane, password: "wrong" }), 401, "Invalid password"],
		["an unknown e-mail", () => ({ ...jane, email: "joan@example.com" }), 401, "Invalid password"],
		[
			"DASHBOARD_PASSWORD in place of their own",
			() => ({ ...jane, password: PASSWORD }),
			401,
			"Invalid password",
		],
		["a password without end", () => ({ ...jane, password: TOO_LONG }), 401, "Invalid password"],
		["no password", () => ({ email: jane.email }), 400, "Password is required"],
		["no e-mail that is one", () => ({ ...jane, email: "jane" }), 400, "Invalid email"],
		["an e-mail of another type", () => ({ ...jane, email: 7 }), 400, "Invalid email"],
		["an empty e-mail", () => ({ ...jane, email: "" }), 400, "Invalid email"],
	];
	for (const [what, body, status, error] of refused)
		it(`is not let in with ${what}`, async () => {
			const answer = await postLogin(banter, body(), { from: from() });
			assertError(answer, status, error);
			assert.equal(answer.headers["set-cookie"], undefined);
		});

	it("an e-mail of null means DASHBOARD_PASSWORD", async () => {
		await enter({ email: null, password: PASSWORD });
	});

	it("lists its logins and ends one of them, or all others", async () => {
		const who = await addUser(banter, "logins@example.com", ...MEMBER);
		const phone = await enter(who, { headers: { "user-agent": "Phone\t1.0 \u00e4" } });
		const desk = await enter(who, { from: "2001:db8::7", headers: { "user-agent": "Desk" } });
		const third = await enter(who);
		const { json } = await banter.get(LOGINS, desk);
		assert.equal(json.logins.length, 3, "and nobody else's");
		const [, mine, first] = json.logins;
		assert.equal(mine.program, "Desk");
		assert.equal(mine.address, "2001:db8::7");
		assert.ok(Math.abs(mine.expires_at - mine.created_at - 7 * 24 * 3600 * 1000) < 60_000);
		assert.deepEqual(
			json.logins.map((one) => one.current),
			[false, true, false],
		);
		assert.match(first.program, /^Phone\?1\.0 \?+$/);
		const end = await send(banter, "DELETE", `${LOGINS}/${first.id}`, desk);
		assert.equal(end.status, 204);
		assertError(await banter.get(ME, phone), 401);
		assertError(await send(banter, "DELETE", `${LOGINS}/${first.id}`, desk), 404);
		assertError(await send(banter, "DELETE", `${LOGINS}/no-id`, desk), 400, "Invalid loginId");
		const others = await enter(jane);
		assert.equal((await send(banter, "DELETE", LOGINS, desk)).status, 204);
		assertError(await banter.get(ME, third), 401);
		assert.equal((await banter.get(LOGINS, desk)).json.logins.length, 1);
		assert.equal((await banter.get(ME, others)).status, 200, "another user's stay");
	});

	it("by DASHBOARD_PASSWORD: ends all others in one request, however many there are", async () => {
		const here = await enter({ password: PASSWORD });
		const there = await enter({ password: PASSWORD });
		const logins = Array.from({ length: 1500 }, (_, i) => ({
			kind: "login",
			token: createHash("sha256").update(`${i}`).digest("hex"),
			org: ORG,
			created_at: 1,
			expires_at: 4e12,
			id: newId(),
			user: NO_ID,
			address: "\u0001".repeat(64),
			program: "\u0001".repeat(256),
		}));
		const input = toLines([{ kind: "banter", format: 1 }, ...logins, { kind: "end", lines: 1501 }]);
		const { status, stderr } = await startTool(banter, ["import", "-"], { input }).ended;
		assert.equal(status, 0, stderr);
		const list = await banter.get(LOGINS, here);
		assert.equal(list.status, 200);
		assert.equal(list.json.logins.length, 1000);
		assert.equal((await send(banter, "DELETE", LOGINS, here)).status, 204);
		assertError(await banter.get(ME, there), 401);
		assert.equal((await banter.get(LOGINS, here)).json.logins.length, 1);
		await expectTool(banter, 0, "verify");
	});

	it("cannot end another user's session", async () => {
		const session = await enter(jane);
		const [{ id }] = (await banter.get(LOGINS, session)).json.logins;
		const other = await enter({ password: PASSWORD });
		assertError(await send(banter, "DELETE", `${LOGINS}/${id}`, other), 404, "Login not found");
		assert.equal((await banter.get(ME, session)).status, 200);
	});

	it("changes its password, which ends its other sessions", async () => {
		const who = await addUser(banter, "change@example.com", ...MEMBER);
		const [here, there] = [await enter(who), await enter(who)];
		const change = (body, session = here) => send(banter, "PUT", `${ME}/password`, session, body);
		const fresh = "a new password";
		const wrong = [
			[{ current: "wrong", new: fresh }, ["current"]],
			[{ current: who.password, new: "too short" }, ["new"]],
			[{ current: who.password, new: "x".repeat(1025) }, ["new"]],
			[{ current: 7 }, ["current", "new"]],
			[{ current: who.password, new: fresh, more: 1 }, ["more"]],
		];
		for (const [body, fields] of wrong) {
			const answer = await change(body);
			assertError(answer, 422);
			assert.deepEqual(Object.keys(answer.json.fields).sort(), fields, answer.text);
		}
		assertError(await change("no JSON"), 400, "Invalid request payload");
		assert.equal((await banter.get(ME, there)).status, 200, "nothing was changed");
		const done = await change({ current: who.password, new: fresh });
		assert.equal(done.status, 204, done.text);
		assert.equal((await banter.get(ME, here)).status, 200);
		assertError(await banter.get(ME, there), 401);
		assertError(await postLogin(banter, who, { from: from() }), 401);
		await enter({ ...who, password: fresh });
	});

	it("only users have a password to change", async () => {
		const body = { current: PASSWORD, new: "a new password" };
		for (const headers of [ADMIN, await enter({ password: PASSWORD })])
			assertError(await send(banter, "PUT", `${ME}/password`, headers, body), 403);
	});

	it("a foreign session cannot be used to guess passwords", async () => {
		const who = await addUser(banter, "stolen@example.com", ...MEMBER);
		const since = performance.now();
		const session = await enter(who);
		const attempt = () =>
			send(banter, "PUT", `${ME}/password`, session, { current: "wrong", new: "a new password" });
		assertError(await attempt(), 422);
		// Counted together with login attempts, of which there was one.
		for (let i = 2; i < ATTEMPTS; i++)
			assertError(await postLogin(banter, { ...who, password: TOO_LONG }, { from: from() }), 401);
		const refused = await untilRefused(attempt, { passed: ATTEMPTS, since });
		assertError(refused, 429, "Too many login attempts");
	});

	it("no secret is in the log", () => {
		const text = banter.log.lines.map((line) => line.text).join("\n");
		for (const secret of [jane.password, "a new password", "scrypt"])
			assert.ok(!text.includes(secret), secret);
		for (const ev of ["login", "login_failed", "login_ended", "password_changed"])
			assert.ok(
				banter.log.lines.some((line) => line.ev === ev),
				ev,
			);
	});
});

describe("login attempts", () => {
	it("are limited to ten per minute and account, over all addresses and spellings", async () => {
		await withBanter(TRUSTED, async (banter) => {
			const who = await addUser(banter, "often@example.com");
			const forms = ["often@example.com", "OFTEN@example.com", "Often@Example.Com"];
			let address = 0;
			const attempt = (body) => postLogin(banter, body, { from: `198.51.100.${++address}` });
			/** Ten wrong attempts, then correct ones until one is refused. */
			const tooMany = async (emails, last) => {
				const since = performance.now();
				for (let i = 0; i < ATTEMPTS; i++) {
					const email = emails[i % emails.length];
					assertError(await attempt({ email, password: TOO_LONG }), 401);
				}
				const late = await untilRefused(() => attempt(last), { passed: ATTEMPTS, since });
				assertError(late, 429, "Too many login attempts");
				assert.match(late.headers["retry-after"], /^[1-9]\d?$/);
				assert.equal(late.headers["ratelimit-remaining"], "0");
			};
			await tooMany(forms, who);
			// The same as for an unknown account: responses do not reveal who is a user.
			const nobody = { email: "nobody@example.com", password: "wrong" };
			await tooMany([nobody.email, "Nobody@Example.COM"], nobody);
			assert.equal((await attempt({ password: PASSWORD })).status, 200, "others go on");
		});
	});

	it("are limited to ten per minute and address, over all accounts; a success does not reset the count", async () => {
		await withBanter({ workers: 2 }, async (banter) => {
			const who = await addUser(banter, "once@example.com");
			const since = performance.now();
			for (let i = 1; i < ATTEMPTS; i++) {
				const stranger = { email: `u${i}@example.com`, password: TOO_LONG };
				assertError(await postLogin(banter, stranger), 401);
			}
			assert.equal((await postLogin(banter, who)).status, 200);
			const late = await untilRefused(() => postLogin(banter, who), { passed: ATTEMPTS, since });
			assertError(late, 429, "Too many login attempts");
		});
	});
});

describe("without DASHBOARD_PASSWORD and ADMIN_API_KEY", () => {
	const env = { DASHBOARD_PASSWORD: undefined, ADMIN_API_KEY: undefined };
	const banter = useBanter({ env, workers: 1 });

	it("users can sign in, and their keys are valid", async () => {
		const session = await logIn(banter, await addUser(banter, "jane@example.com"));
		assert.equal((await banter.get(LIST, session)).status, 200);
		const { json } = await send(banter, "POST", KEYS, session, { kind: "admin" });
		const key = { "x-admin-api-key": json.key };
		assert.equal((await banter.get(LIST, key)).status, 200);
		assertError(await banter.get(LIST), 503);
		assert.equal((await send(banter, "DELETE", `${KEYS}/${json.id}`, session)).status, 204);
		assertError(await banter.get(LIST, key), 401, "Unauthorized");
		assertError(await banter.get(LIST, { "x-admin-api-key": "another" }), 503);
	});
});

describe("users, to an owner", () => {
	const banter = useBanter(TRUSTED);
	const password = "correct horse battery";
	const add = (body, headers = ADMIN) => send(banter, "POST", USERS, headers, body);

	it("are added, read, listed in pages, changed and removed", async () => {
		const made = await add({ email: "one@example.com", name: "One", role: "owner", password });
		assert.equal(made.status, 201, made.text);
		const { created_at, id, ...rest } = made.json;
		assert.ok(Math.abs(created_at - Date.now()) < 60_000);
		assert.deepEqual(rest, {
			organization_id: ORG,
			email: "one@example.com",
			name: "One",
			role: "owner",
		});
		const two = (await add({ email: "two@example.com", password })).json;
		assert.deepEqual([two.name, two.role], [null, "member"]);
		assert.deepEqual((await banter.get(`${USERS}/${id}`, ADMIN)).json, made.json);
		const first = await banter.get(`${USERS}?limit=1`, ADMIN);
		assert.deepEqual(first.json.users, [made.json]);
		const rest2 = await banter.get(`${USERS}?limit=1&cursor=${first.json.nextCursor}`, ADMIN);
		assert.deepEqual(rest2.json.users, [two]);
		const changed = await send(banter, "PUT", `${USERS}/${two.id}`, ADMIN, {
			...two,
			name: "Two",
			role: "owner",
		});
		assert.equal(changed.status, 200, changed.text);
		assert.deepEqual(changed.json, { ...two, name: "Two", role: "owner" });
		assert.equal((await send(banter, "DELETE", `${USERS}/${id}`, ADMIN)).status, 204);
		assertError(await banter.get(`${USERS}/${id}`, ADMIN), 404, "User not found");
		assertError(await send(banter, "DELETE", `${USERS}/${id}`, ADMIN), 404);
		assertError(await send(banter, "PUT", `${USERS}/${id}`, ADMIN, { name: "x" }), 404);
	});

	it("the last owner cannot be removed", async () => {
		const { json } = await banter.get(USERS, ADMIN);
		const owner = json.users.find((one) => one.role === "owner");
		const path = `${USERS}/${owner.id}`;
		for (const [method, body] of [["DELETE"], ["PUT", { role: "member" }]])
			assertError(
				await send(banter, method, path, ADMIN, body),
				409,
				"An organization needs an owner",
			);
	});

	it("an e-mail belongs to one user, in any spelling, over all organizations", async () => {
		assert.equal((await add({ email: "only@example.com", password })).status, 201);
		const again = await add({ email: "ONLY@Example.com", password });
		assertError(again, 409, "Another user has this e-mail");
		const other = await addOrg(banter, "Another");
		const outside = await logIn(banter, await addUser(banter, "o@example.com", "--org", other));
		assertError(await add({ email: "only@example.com", password }, outside), 409);
	});

	it("every invalid field is named", async () => {
		const wrong = [
			[{}, ["email", "password"]],
			[{ email: "x", password: "short", role: "king", name: 7, id: NOBODY }, 5],
			[{ email: "a@example.com", password, enabled: true }, ["enabled"]],
			[{ email: LONGEST_EMAIL, password }, ["email"]],
		];
		for (const [body, fields] of wrong) {
			const answer = await add(body);
			assertError(answer, 422);
			const named = Object.keys(answer.json.fields).sort();
			if (Array.isArray(fields)) assert.deepEqual(named, fields);
			else assert.equal(named.length, fields, answer.text);
		}
		const { json } = await add({ email: "put@example.com", password });
		const put = (body) => send(banter, "PUT", `${USERS}/${json.id}`, ADMIN, body);
		const moved = await put({ email: "moved@example.com", password: "short" });
		assert.deepEqual(Object.keys(moved.json.fields).sort(), ["email", "password"]);
		for (const body of ["[]", "no JSON"]) assertError(await put(body), 400);
		assertError(await send(banter, "PUT", `${USERS}/x`, ADMIN, {}), 400, "Invalid userId");
		assertError(await banter.get(`${USERS}?limit=0`, ADMIN), 400, "Invalid query parameters");
	});

	it("a new password or removing the user ends all its sessions", async () => {
		const { json } = await add({ email: "reset@example.com", role: "owner", password });
		const who = { email: "reset@example.com", password };
		const before = await logIn(banter, who, { from: "203.0.113.1" });
		const path = `${USERS}/${json.id}`;
		const fresh = "another password";
		assert.equal((await send(banter, "PUT", path, ADMIN, { password: fresh })).status, 200);
		assertError(await banter.get(ME, before), 401);
		const renewed = { ...who, password: fresh };
		const [here, there] = [
			await logIn(banter, renewed, { from: "203.0.113.2" }),
			await logIn(banter, renewed, { from: "203.0.113.3" }),
		];
		assert.equal((await send(banter, "PUT", path, here, { password })).status, 200);
		assertError(await banter.get(ME, there), 401);
		assert.equal((await banter.get(ME, here)).status, 200, "their own goes on");
		assert.equal((await send(banter, "DELETE", path, ADMIN)).status, 204);
		assertError(await banter.get(ME, here), 401);
		assertError(await postLogin(banter, who, { from: "203.0.113.4" }), 401);
	});

	it("a member may not manage users and keys", async () => {
		const body = { email: "member@example.com", password };
		assert.equal((await add(body)).status, 201);
		const member = await logIn(banter, body, { from: "203.0.113.9" });
		assert.equal((await banter.get(ME, member)).json.role, "member");
		assert.equal((await banter.get(LIST, member)).status, 200);
		const calls = [
			["GET", USERS],
			["POST", USERS, { email: "x@example.com", password }],
			["GET", `${USERS}/${NOBODY}`],
			["PUT", `${USERS}/${NOBODY}`, { role: "owner" }],
			["DELETE", `${USERS}/${NOBODY}`],
			["GET", KEYS],
			["POST", KEYS, { kind: "admin" }],
			["DELETE", `${KEYS}/${NOBODY}`],
		];
		for (const [method, path, body] of calls)
			assertError(await send(banter, method, path, member, body), 403, "Only an owner may do this");
	});

	it("those of another organization do not exist", async () => {
		const org = await addOrg(banter, "Foreign");
		const theirs = await addUser(banter, "foreign@example.com", "--org", org);
		const session = await logIn(banter, theirs, { from: "203.0.113.20" });
		const { json: me } = await banter.get(ME, session);
		assert.deepEqual(me.organization, { id: org, name: "Foreign" });
		const { json } = await banter.get(USERS, session);
		assert.deepEqual(
			json.users.map((one) => one.email),
			["foreign@example.com"],
		);
		assert.equal((await banter.get(LIST, session)).json.total, 0);
		const { id } = json.users[0];
		for (const [method, body] of [["GET"], ["PUT", { name: "x" }], ["DELETE"]])
			assertError(await send(banter, method, `${USERS}/${id}`, ADMIN, body), 404);
	});
});

describe("keys", () => {
	const banter = useBanter({ workers: 3 });
	const chat = (key, session = "keys", header = "x-api-key") =>
		banter.request("POST", "/v1/chat", {
			headers: { [header]: key },
			body: { sessionId: session, message: "[[tokens=1]]" },
		});
	const make = async (body, headers = ADMIN) => {
		const answer = await send(banter, "POST", KEYS, headers, body);
		assert.equal(answer.status, 201, answer.text);
		return answer.json;
	};

	it("are shown once, at creation", async () => {
		const { key, ...rest } = await make({ kind: "widget", name: "The shop" });
		assert.match(key, /^bwk_[A-Za-z0-9_-]{43}$/);
		assert.equal(rest.hint, key.slice(-4));
		assert.deepEqual([rest.kind, rest.name, rest.organization_id], ["widget", "The shop", ORG]);
		const list = await banter.get(KEYS, ADMIN);
		assert.deepEqual(list.json, { keys: [rest] });
		assert.ok(!banter.log.lines.some((line) => line.text.includes(key)), "no key is logged");
	});

	it("give access to what their kind is for, and nothing else", async () => {
		const widget = await make({ kind: "widget" });
		const admin = await make({ kind: "admin" });
		for (const header of ["x-api-key", "x-widget-api-key"])
			assert.equal((await chat(widget.key, "keys", header)).status, 200);
		assert.equal((await banter.get(LIST, { "x-admin-api-key": admin.key })).status, 200);
		assertError(await chat(admin.key), 401, "Unauthorized");
		const mistaken = { "x-admin-api-key": widget.key };
		assertError(await banter.get(LIST, mistaken), 401, "Unauthorized");
		for (const wrong of [`${widget.key}x`, widget.key.slice(0, -1), `bwk_${"A".repeat(43)}`])
			assertError(await chat(wrong), 401, "Unauthorized");
		for (const wrong of [`bak_${widget.key.slice(4)}`, `bak_${"A".repeat(43)}`])
			assertError(await banter.get(LIST, { "x-admin-api-key": wrong }), 401);
		const scrape = { host: "x", "x-admin-api-key": admin.key };
		assertError(await banter.get("/metrics", scrape), 401);
		assert.equal((await banter.get(ME, { "x-admin-api-key": admin.key })).json.key, true);
	});

	it("become invalid in all workers at once when revoked", async () => {
		const widget = await make({ kind: "widget" });
		const admin = await make({ kind: "admin" });
		const each = async (status) => {
			// Enough new connections to reach every worker.
			for (let i = 0; i < 12; i++) {
				assert.equal((await chat(widget.key)).status, status);
				const headers = { "x-admin-api-key": admin.key };
				assert.equal((await banter.get(LIST, headers)).status, status);
			}
		};
		await each(200);
		for (const { id } of [widget, admin])
			assert.equal((await send(banter, "DELETE", `${KEYS}/${id}`, ADMIN)).status, 204);
		await each(401);
		assertError(await send(banter, "DELETE", `${KEYS}/${admin.id}`, ADMIN), 404, "Key not found");
		assertError(await send(banter, "DELETE", `${KEYS}/x`, ADMIN), 400, "Invalid keyId");
	});

	it("belong to their organization: other organizations do not see their conversations", async () => {
		const org = await addOrg(banter, "Second");
		const owner = await logIn(banter, await addUser(banter, "two@example.com", "--org", org));
		const admin = await make({ kind: "admin" }, owner);
		const widget = await make({ kind: "widget" }, owner);
		assert.equal(admin.organization_id, org);
		const theirs = (await chat(widget.key, "shared")).json.conversationId;
		const { key } = await make({ kind: "widget" });
		const ours = (await chat(key, "shared")).json.conversationId;
		assert.notEqual(theirs, ours, "the same session is two visitors'");
		const list = await banter.get(LIST, { "x-admin-api-key": admin.key });
		assert.deepEqual(
			list.json.conversations.map((one) => one._id),
			[theirs],
		);
		assertError(await banter.get(`${LIST}/${ours}`, { "x-admin-api-key": admin.key }), 404);
		assertError(await banter.get(`${LIST}/${theirs}`, ADMIN), 404);
		assertError(await send(banter, "DELETE", `${KEYS}/${admin.id}`, ADMIN), 404);
		assert.equal((await banter.get(KEYS, { "x-admin-api-key": admin.key })).json.keys.length, 2);
	});

	it("belong to their organization: only its own key can erase a visitor", async () => {
		const org = await addOrg(banter, "Third");
		const owner = await logIn(banter, await addUser(banter, "three@example.com", "--org", org));
		const admin = await make({ kind: "admin" }, owner);
		const widget = await make({ kind: "widget" }, owner);
		const path = "/v1/admin/visitors/erased";
		for (const headers of [owner, { "x-admin-api-key": admin.key }]) {
			await chat(widget.key, "erased");
			assertError(await send(banter, "DELETE", path, ADMIN), 404, "Visitor not found");
			const { status, json } = await send(banter, "DELETE", path, headers);
			assert.deepEqual([status, json], [200, { conversations: 1, messages: 2 }]);
		}
	});

	it("must have a kind", async () => {
		for (const [body, fields] of [
			[{}, ["kind"]],
			[{ kind: "root", name: 7, key: "bwk_x" }, ["key", "kind", "name"]],
		]) {
			const answer = await send(banter, "POST", KEYS, ADMIN, body);
			assertError(answer, 422);
			assert.deepEqual(Object.keys(answer.json.fields).sort(), fields, answer.text);
		}
	});
});
