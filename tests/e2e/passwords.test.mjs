// Passwords: a change ends the sessions of the previous one, also if it happens while passwords are being
// checked; and many logins at once do not prevent others. Whose turn it is, and clients that left:
// tests/unit/workerd/api/admin/test_password_{queue,hasher}.c.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { addUser, fromElsewhere, logIn, postLogin } from "./accounts.mjs";
import { assertError } from "./client.mjs";
import { until, useBanter, withBanter } from "./harness.mjs";
import { expectTool, useDirectory } from "./tool.mjs";

const ME = "/v1/admin/me";
const LOGINS = "/v1/admin/logins";
const LEAKED = { password: "a password that has leaked" };
const FRESH = { password: "a password that nobody knows" };
/** Each login comes from its own address, so that no limit applies. */
const TRUSTED = { TRUSTED_PROXIES: "127.0.0.1,::1" };

/** Enough new connections to reach every worker. */
const REQUESTS = 8;
/** More logins at once than any queue holds. */
const STRANGERS_MAX = 5000;

async function assertValid(banter, session) {
	for (let i = 0; i < REQUESTS; i++) assert.equal((await banter.get(ME, session)).status, 200);
	assert.equal((await banter.get("/", session)).status, 200);
}

async function assertEnded(banter, session) {
	for (let i = 0; i < REQUESTS; i++)
		assertError(await banter.get(ME, session), 401, "Unauthorized");
	assertError(await banter.request("DELETE", LOGINS, { headers: session }), 401);
	const page = await banter.get("/", session);
	assert.deepEqual([page.status, page.headers.location], [303, "/login"]);
	assert.equal((await banter.get("/login", session)).status, 200);
}

describe("another DASHBOARD_PASSWORD", () => {
	const credentials = useDirectory();

	async function reload(banter, { password = "" }) {
		writeFileSync(credentials("DASHBOARD_PASSWORD"), password);
		const before = banter.workerPids();
		assert.equal((await banter.reload()).ev, "reload_done");
		await until("the old workers are gone", () =>
			banter.workerPids().every((pid) => !before.includes(pid)),
		);
	}

	async function restart(banter, { password }) {
		assert.deepEqual(await banter.masterd.stop(), { code: 0, signal: null });
		banter.masterd.env.DASHBOARD_PASSWORD = password;
		banter.masterd.start();
		await banter.ready();
	}

	for (const [how, env, change] of [
		["a reload", { CREDENTIALS_DIRECTORY: credentials(), DASHBOARD_PASSWORD: undefined }, reload],
		["a restart", { DASHBOARD_PASSWORD: LEAKED.password }, restart],
	])
		it(`by ${how}: ends the sessions of the previous one in each worker, not those of users`, async () => {
			writeFileSync(credentials("DASHBOARD_PASSWORD"), LEAKED.password);
			await withBanter({ env }, async (banter) => {
				const jane = await logIn(banter, await addUser(banter, "jane@example.com"));
				const leaked = [await logIn(banter, LEAKED), await logIn(banter, LEAKED)];
				await change(banter, LEAKED);
				for (const session of [jane, ...leaked]) await assertValid(banter, session);
				await change(banter, FRESH);
				for (const session of leaked) await assertEnded(banter, session);
				assertError(await postLogin(banter, LEAKED), 401, "Invalid password");
				const logout = await banter.request("POST", "/api/logout", { headers: leaked[0] });
				assert.equal(logout.status, 200);
				assert.match(logout.headers["set-cookie"][0], /Max-Age=0/);
				const fresh = await logIn(banter, FRESH);
				for (const session of [jane, fresh]) await assertValid(banter, session);
				assert.equal((await banter.request("DELETE", LOGINS, { headers: fresh })).status, 204);
				const { logins } = (await banter.get(LOGINS, fresh)).json;
				assert.deepEqual([logins.length, logins[0].current], [1, true]);
				await assertValid(banter, fresh);
				await change(banter, {});
				await assertEnded(banter, fresh);
				await assertValid(banter, jane);
			});
		});
});

describe("while a user's password is changed", () => {
	const TRIES = 5; // per user
	const banter = useBanter({ env: TRUSTED });

	/** Changes it on the command line; resolves to the new one. */
	async function change({ email }) {
		const { stdout } = await expectTool(banter, 0, "user", "passwd", email, "--generate");
		return /^password: (\S+)$/m.exec(stdout)[1];
	}

	it("a login with the old one has no session in the end", async () => {
		const users = [];
		for (const name of ["one", "two"]) users.push(await addUser(banter, `${name}@example.com`));
		const tries = users.flatMap((who) =>
			Array.from({ length: TRIES }, () => postLogin(banter, who, fromElsewhere())),
		);
		await Promise.all(users.map(change));
		for (const answer of await Promise.all(tries)) {
			if (answer.status !== 200) {
				assertError(answer, 401, "Invalid password");
				continue;
			}
			const cookie = answer.headers["set-cookie"][0].split(";")[0];
			assertError(await banter.get(ME, { cookie }), 401);
		}
	});

	it("a session with the old one cannot overwrite the new one", async () => {
		const who = await addUser(banter, "three@example.com");
		const headers = await logIn(banter, who, fromElsewhere());
		const tries = Array.from({ length: TRIES }, (_, i) => {
			const body = { current: who.password, new: `a password of my own ${i}` };
			return banter.request("PUT", `${ME}/password`, { headers, body });
		});
		const password = await change(who);
		for (const { status, text } of await Promise.all(tries))
			assert.ok([204, 401, 422].includes(status), text);
		assertError(await banter.get(ME, headers), 401);
		await logIn(banter, { ...who, password }, fromElsewhere());
	});
});

it("more logins than the queue of password checks holds are refused with a Retry-After; others are served", () =>
	withBanter({ env: TRUSTED, workers: 1 }, async (banter) => {
		const who = await addUser(banter, "jane@example.com");
		const refusals = [];
		const strangers = [];
		for (let i = 0; refusals.length === 0; i++) {
			assert.ok(i < STRANGERS_MAX, "one is refused");
			const body = { email: `u${i}@example.com`, password: "wrong" };
			const answer = postLogin(banter, body, { from: `2001:db8:${i.toString(16)}::1` });
			strangers.push(answer);
			answer.then((one) => one.status === 503 && refusals.push(one));
			await setTimeout(1); // faster than they are checked
		}
		assert.match(refusals[0].headers["retry-after"], /^[1-9]\d*$/);
		assert.equal((await banter.get("/health")).status, 200);
		await logIn(banter, who, { from: "192.0.2.1" });
		for (const { status } of await Promise.all(strangers)) assert.ok([401, 503].includes(status));
	}));
