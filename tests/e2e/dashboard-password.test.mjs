// Changing DASHBOARD_PASSWORD ends the sessions that were created with the previous one.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { addUser, logIn, postLogin } from "./accounts.mjs";
import { assertError } from "./client.mjs";
import { PASSWORD, until, withBanter } from "./harness.mjs";
import { NOBODY, newId, ORG, startTool, toLines } from "./tool.mjs";

const ME = "/v1/admin/me";
const LOGINS = "/v1/admin/logins";
const LEAKED = { password: "a password that has leaked" };
const FRESH = { password: "a password that nobody knows" };

/** Enough new connections to reach every worker. */
const REQUESTS = 8;

async function assertGood(banter, session) {
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
	const dir = mkdtempSync(join(tmpdir(), "banter-password-"));
	after(() => rmSync(dir, { recursive: true }));
	const put = ({ password }) => writeFileSync(join(dir, "DASHBOARD_PASSWORD"), password);

	async function reload(banter) {
		const before = banter.workerPids();
		assert.equal((await banter.reload()).ev, "reload_done");
		await until("the old workers are gone", () =>
			banter.workerPids().every((pid) => !before.includes(pid)),
		);
	}

	async function restart(banter, password) {
		assert.deepEqual(await banter.masterd.stop(), { code: 0, signal: null });
		if (password === undefined) delete banter.masterd.env.DASHBOARD_PASSWORD;
		else banter.masterd.env.DASHBOARD_PASSWORD = password;
		banter.masterd.start();
		await banter.ready();
	}

	it("by a reload: sessions of the previous one end in each worker, users' sessions stay", async () => {
		const env = { CREDENTIALS_DIRECTORY: dir, DASHBOARD_PASSWORD: undefined };
		put(LEAKED);
		await withBanter({ env }, async (banter) => {
			const jane = await logIn(banter, await addUser(banter, "jane@example.com"));
			const leaked = [await logIn(banter, LEAKED), await logIn(banter, LEAKED)];
			await reload(banter);
			for (const session of [jane, ...leaked]) await assertGood(banter, session);
			put(FRESH);
			await reload(banter);
			for (const session of leaked) await assertEnded(banter, session);
			assertError(await postLogin(banter, LEAKED), 401, "Invalid password");
			const logout = await banter.request("POST", "/api/logout", { headers: leaked[0] });
			assert.equal(logout.status, 200, "and leaves nobody with a cookie that is worth nothing");
			assert.match(logout.headers["set-cookie"][0], /Max-Age=0/);
			const fresh = await logIn(banter, FRESH);
			for (const session of [jane, fresh]) await assertGood(banter, session);
			const headers = { headers: fresh };
			assert.equal((await banter.request("DELETE", LOGINS, headers)).status, 204);
			const { json } = await banter.get(LOGINS, fresh);
			assert.deepEqual(
				json.logins.map((one) => one.current),
				[true],
			);
			await assertGood(banter, fresh);
		});
	});

	it("or none, by a restart; an unchanged one keeps all sessions", async () => {
		await withBanter({}, async (banter) => {
			const jane = await logIn(banter, await addUser(banter, "jane@example.com"));
			const session = await logIn(banter, { password: PASSWORD });
			await restart(banter, PASSWORD);
			await assertGood(banter, session);
			for (const password of [FRESH.password, undefined]) {
				await restart(banter, password);
				await assertEnded(banter, session);
				await assertGood(banter, jane);
			}
		});
	});

	it("at any time: a session without a matching password gives no access", async () => {
		await withBanter({ workers: 1 }, async (banter) => {
			const token = "a-token-of-a-version-before";
			const login = {
				kind: "login",
				token: createHash("sha256").update(token).digest("hex"),
				org: ORG,
				created_at: 1,
				expires_at: 4e12,
				id: newId(),
				user: NOBODY,
				address: "",
				program: "",
			};
			const input = toLines([{ kind: "banter", format: 1 }, login, { kind: "end", lines: 2 }]);
			const { status, stderr } = await startTool(banter, ["import", "-"], { input }).ended;
			assert.equal(status, 0, stderr);
			const session = await logIn(banter, { password: PASSWORD });
			assert.equal((await banter.get(LOGINS, session)).json.logins.length, 2);
			for (const front of ["", "p."])
				await assertEnded(banter, { ...session, cookie: `banter_session=${front}${token}` });
		});
	});
});
