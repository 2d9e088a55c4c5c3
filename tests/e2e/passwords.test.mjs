// Passwords: a change ends the sessions of the previous one, also if it happens while passwords are being
// checked; and many logins at once do not delay other requests.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { addUser, fromElsewhere, logIn, postLogin } from "./accounts.mjs";
import { assertError, RawConnection } from "./client.mjs";
import { until, useBanter, withBanter } from "./harness.mjs";
import { cpuOf } from "./proc.mjs";
import { expectTool, useDirectory } from "./tool.mjs";

const ME = "/v1/admin/me";
const LOGINS = "/v1/admin/logins";
const LEAKED = { password: "a password that has leaked" };
const FRESH = { password: "a password that nobody knows" };
/** Each login comes from its own address, so that no limit applies. */
const TRUSTED = { TRUSTED_PROXIES: "127.0.0.1,::1" };

/** Enough new connections to reach every worker. */
const REQUESTS = 8;

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

describe("more logins than the queue of password checks holds", () => {
	const banter = useBanter({ env: TRUSTED, workers: 1 });

	/** The nth client: its own account and its own address. */
	const stranger = (i) => [
		{ email: `u${i}@example.com`, password: "wrong" },
		{ from: `2001:db8:${i.toString(16)}::1` },
	];

	/** A login whose client can reset its connection (a closed one may be only half-closed). */
	async function visit(i) {
		const [body, { from }] = stranger(i);
		const text = JSON.stringify(body);
		const raw = await RawConnection.connect(banter.port);
		await raw.write(
			`POST /api/login HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ${from}\r\n` +
				`Content-Length: ${text.length}\r\n\r\n${text}`,
		);
		const one = { leave: () => raw.socket.resetAndDestroy() };
		one.answer = raw.response().then(
			(answer) => (one.response = answer),
			() => undefined,
		);
		return one;
	}

	it("are refused with a Retry-After; other requests and honest logins are served, and clients that left delay nobody", async (t) => {
		const who = await addUser(banter, "jane@example.com");
		const visits = [];
		const refusal = await until("one is refused", async () => {
			visits.push(await visit(visits.length));
			return visits.map(({ response }) => response).find((one) => one?.status === 503);
		});
		assert.match(refusal.headers["retry-after"], /^[1-9]\d*$/);
		assert.equal((await banter.get("/health")).status, 200);
		const isOpen = visits.some(({ response }) => response === undefined);
		assert.ok(isOpen, "the health check does not wait for the queue");
		// One who has not tried yet does not wait for them, and neither does one who signed in before.
		const jane = { from: "192.0.2.1" };
		for (let i = 0; i < 2; i++) await logIn(banter, who, jane);
		const waiting = visits.filter(({ response }) => response === undefined).length;
		assert.ok(waiting > visits.length / 2, `${waiting} of ${visits.length} wait`);
		for (const { leave } of visits) leave();
		const answers = await Promise.all(visits.map((one) => one.answer));
		const left = answers.filter((one) => one === undefined).length;
		const [worker] = banter.workerPids();
		const start = cpuOf(worker);
		let next = visits.length;
		await until("there is room again", async () => {
			const { status } = await postLogin(banter, ...stranger(next++));
			return status === 401;
		});
		const used = cpuOf(worker) - start;
		const answer = await postLogin(banter, who, jane);
		assert.equal(answer.status, 200, answer.text);
		const hash = cpuOf(worker) - start - used;
		t.diagnostic(`${left} left; then ${used} ms of work to be let in, ${hash} ms a login`);
		// The running check and ours, not all queued ones.
		assert.ok(used < hash * (3 + left / 2), `${used} ms of work, ${hash} ms a login`);
	});
});
