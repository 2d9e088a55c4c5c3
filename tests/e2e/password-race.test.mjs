// A password is changed while checks against the old one are running: their results must not
// survive the change.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addUser, logIn, postLogin } from "./accounts.mjs";
import { assertError } from "./client.mjs";
import { useBanter } from "./harness.mjs";
import { expectTool } from "./tool.mjs";

const ME = "/v1/admin/me";
/** Per user; an account has ten attempts a minute. */
const TRIES = 5;

describe("while a password is changed", () => {
	// Every login has its own address, so that only the account's limit applies.
	const banter = useBanter({ env: { TRUSTED_PROXIES: "127.0.0.1,::1" } });
	let next = 0;
	const from = () => `192.0.2.${++next}`;

	/** Changes it from another session; resolves to the new one. */
	async function change({ email }) {
		const { stdout } = await expectTool(banter, 0, "user", "passwd", email, "--generate");
		return /^password: (\S+)$/m.exec(stdout)[1];
	}

	it("a login with the old one has no session in the end", async () => {
		const users = [];
		for (const name of ["one", "two"]) users.push(await addUser(banter, `${name}@example.com`));
		const tries = users.flatMap((who) =>
			Array.from({ length: TRIES }, () => postLogin(banter, who, { from: from() })),
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
		const session = await logIn(banter, who, { from: from() });
		const tries = Array.from({ length: TRIES }, (_, i) =>
			banter.request("PUT", `${ME}/password`, {
				headers: session,
				body: { current: who.password, new: `a password of my own ${i}` },
			}),
		);
		const password = await change(who);
		for (const { status, text } of await Promise.all(tries))
			assert.ok([204, 401, 422].includes(status), text);
		assertError(await banter.get(ME, session), 401);
		await logIn(banter, { ...who, password }, { from: from() });
	});
});
