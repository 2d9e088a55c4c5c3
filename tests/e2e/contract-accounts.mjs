// The contract of users, logins and keys: each operation with each status that only it has. Statuses that all
// operations of the admin API share are in contract.test.mjs.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ADMIN, ATTEMPTS, addUser, logIn, untilRefused } from "./accounts.mjs";
import { useBanter } from "./harness.mjs";

const NOBODY = "0192f000-0000-7000-8000-000000000000";
const KEYS_MAX = 200;

/** drive(banter, status, method, path, options) sends a request and checks the response. */
export function describeAccounts(drive) {
	describe("users, logins and keys", () => {
		const banter = useBanter({ env: { TRUSTED_PROXIES: "127.0.0.1,::1" } });
		const password = "correct horse battery";
		const send = (status, method, path, headers, body) =>
			drive(banter, status, method, `/v1/admin/${path}`, { headers, body });
		const long = { ...ADMIN, "content-length": "600000" };
		let next = 0;
		const from = () => `10.0.${++next >> 8}.${next & 255}`;
		const enter = (who) => logIn(banter, who, { from: from() });

		it("users", async () => {
			const owner = { email: "owner@example.com", role: "owner", password };
			const { json } = await send(201, "POST", "users", ADMIN, owner);
			const two = { email: "two@example.com", password };
			const { id } = (await send(201, "POST", "users", ADMIN, two)).json;
			await send(409, "POST", "users", ADMIN, owner);
			await send(422, "POST", "users", ADMIN, { name: 7 });
			await send(400, "POST", "users", ADMIN, "[]");
			await send(413, "POST", "users", long);
			await send(200, "GET", "users", ADMIN);
			const page = await send(200, "GET", "users?limit=1", ADMIN);
			await send(200, "GET", `users?limit=1&cursor=${page.json.nextCursor}`, ADMIN);
			await send(400, "GET", "users?limit=0", ADMIN);
			const path = `users/${json.id}`;
			await send(200, "GET", path, ADMIN);
			await send(200, "PUT", path, ADMIN, { ...json, name: "Owner" });
			await send(409, "PUT", path, ADMIN, { role: "member" });
			await send(422, "PUT", path, ADMIN, { email: "other@example.com" });
			await send(413, "PUT", path, long);
			await send(409, "DELETE", path, ADMIN);
			await send(200, "PUT", path, await enter(owner), { password });
			for (const [method, body] of [["GET"], ["PUT", {}], ["DELETE"]]) {
				await send(404, method, `users/${NOBODY}`, ADMIN, body);
				await send(400, method, "users/no-id", ADMIN, body);
			}
			await send(204, "DELETE", `users/${id}`, ADMIN);
		});

		it("the caller, its logins and its password", async () => {
			const who = await addUser(banter, "me@example.com", "--name", "Me", "--member");
			const since = performance.now();
			const [here, there] = [await enter(who), await enter(who)];
			await send(200, "GET", "me", ADMIN);
			await send(200, "GET", "me", here);
			await send(200, "GET", "logins", ADMIN);
			const { json } = await send(200, "GET", "logins", here);
			const other = json.logins.find((one) => !one.current);
			await send(204, "DELETE", `logins/${other.id}`, here);
			await send(404, "DELETE", `logins/${other.id}`, here);
			await send(400, "DELETE", "logins/no-id", here);
			await send(401, "GET", "me", there);
			await send(204, "DELETE", "logins", here);
			const change = (status, body, headers = here) =>
				send(status, "PUT", "me/password", headers, body);
			const right = { current: who.password, new: password };
			await change(403, right, ADMIN);
			await change(400, "[]");
			await change(422, {});
			await change(422, { ...right, current: "wrong" });
			await send(413, "PUT", "me/password", { ...here, "content-length": "600000" });
			await change(204, right);
			const wrong = { email: who.email, password: "x".repeat(2000) };
			// Four attempts were made before, of which two succeeded.
			for (let i = 4; i < ATTEMPTS; i++)
				await drive(banter, 401, "POST", "/api/login", {
					headers: { "x-forwarded-for": `198.51.100.${i}` },
					body: wrong,
				});
			const earlier = { passed: ATTEMPTS, since };
			await untilRefused(() => change([422, 429], { ...right, current: "wrong" }), earlier);
			const attempt = () => drive(banter, [401, 429], "POST", "/api/login", { body: wrong });
			await untilRefused(attempt, earlier);
		});

		it("keys", async () => {
			const { json } = await send(201, "POST", "keys", ADMIN, { kind: "admin", name: "One" });
			await send(200, "GET", "me", { "x-admin-api-key": json.key });
			await send(422, "POST", "keys", ADMIN, {});
			await send(400, "POST", "keys", ADMIN, "[]");
			await send(413, "POST", "keys", long);
			for (let i = 1; i < KEYS_MAX; i++) await send(201, "POST", "keys", ADMIN, { kind: "widget" });
			await send(409, "POST", "keys", ADMIN, { kind: "widget" });
			const { json: list } = await send(200, "GET", "keys", ADMIN);
			assert.equal(list.keys.length, KEYS_MAX);
			await send(204, "DELETE", `keys/${json.id}`, ADMIN);
			await send(404, "DELETE", `keys/${json.id}`, ADMIN);
			await send(400, "DELETE", "keys/no-id", ADMIN);
		});

		it("a member is refused the operations of owners", async () => {
			const who = await addUser(banter, "member@example.com", "--member");
			const session = await enter(who);
			await send(403, "GET", "users", session);
			await send(403, "POST", "users", session, {});
			for (const method of ["GET", "PUT", "DELETE"])
				await send(403, method, `users/${NOBODY}`, session, method === "PUT" ? {} : undefined);
			await send(403, "GET", "keys", session);
			await send(403, "POST", "keys", session, {});
			await send(403, "DELETE", `keys/${NOBODY}`, session);
		});
	});
}
