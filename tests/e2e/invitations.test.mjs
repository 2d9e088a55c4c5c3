// Invitations: an owner makes a link, and one person becomes a user by it. What the store refuses is tested in
// tests/unit/storaged/records/invitations.scenario.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addUser, fromElsewhere, LONG_PENALTY, logIn, postLogin } from "./accounts.mjs";
import { assertError } from "./client.mjs";
import { Contract } from "./contract.mjs";
import { times, useBanter, withBanter } from "./harness.mjs";
import { ADMIN, addOrganization, assertFields, NOBODY } from "./organizations.mjs";

const PASSWORD = "a long password";
const WEEK_MS = 7 * 24 * 3600 * 1000;
const MAX = 200;

const contract = new Contract();

describe("an invitation", () => {
	const banter = useBanter({ env: { TRUSTED_PROXIES: "127.0.0.1,::1" } });
	const send = (status, method, path, body, headers = ADMIN) =>
		contract.drive(banter, status, method, `/v1/admin/${path}`, { headers, body });
	const invite = async (body, headers) =>
		(await send(201, "POST", "invitations", body, headers)).json;
	/** A request of somebody with the link; each from an address of its own. */
	const open = (status, method, token, body, headers = {}) =>
		contract.drive(banter, status, method, `/v1/invitations/${token}`, {
			headers: { "x-forwarded-for": fromElsewhere().from, ...headers },
			body,
		});
	let number = 0;
	const person = (more) => ({
		email: `person${++number}@example.com`,
		password: PASSWORD,
		...more,
	});

	it("makes a user of the owner's organization, with its role, who is signed in", async () => {
		const { org, headers } = await addOrganization(banter, "Other");
		const { token, link, ...made } = await invite(
			{ role: "member", email: "j@example.com" },
			headers,
		);
		assert.equal(link, `http://x/join/${token}`);
		assert.ok(Math.abs(made.expires_at - made.created_at - WEEK_MS) < 60_000);
		assert.deepEqual((await send(200, "GET", "invitations", undefined, headers)).json, {
			invitations: [made],
			nextCursor: null,
		});
		const { expires_at } = made;
		const shown = { organization: "Other", role: "member", email: "j@example.com", expires_at };
		assert.deepEqual((await open(200, "GET", token)).json, shown);
		const jane = person({ name: "Jane" });
		const answer = await open(200, "POST", token, jane);
		assert.deepEqual(answer.json, { ok: true });
		const session = { cookie: answer.headers["set-cookie"][0].split(";")[0] };
		const me = (await banter.get("/v1/admin/me", session)).json;
		assert.deepEqual([me.organization.id, me.role], [org, "member"]);
		assert.deepEqual([me.user.name, me.user.email], ["Jane", jane.email]);
		await logIn(banter, jane, fromElsewhere());
		const [used] = (await send(200, "GET", "invitations", undefined, headers)).json.invitations;
		assert.equal(used.user_id, me.user.id);
		assert.ok(used.used_at >= used.created_at);
	});

	it("is accepted once: later requests get 410", async () => {
		const { token } = await invite({ role: "owner" });
		const people = await times(4, () => person());
		const answers = await Promise.all(people.map((one) => open([200, 410], "POST", token, one)));
		assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 410, 410, 410]);
		const { users } = (await send(200, "GET", "users")).json;
		assert.equal(users.filter(({ email }) => people.some((one) => one.email === email)).length, 1);
		for (const method of ["GET", "POST"])
			assert.equal(
				(await open(410, method, token, method === "POST" ? person() : undefined)).json.code,
				"invitation_used",
			);
	});

	it("stays open when the person's data is invalid or taken", async () => {
		const { token } = await invite({ role: "member" });
		const taken = await addUser(banter, "taken@example.com");
		for (const [body, fields] of [
			[{}, ["email", "password"]],
			[person({ password: "short" }), ["password"]],
			[person({ email: "x" }), ["email"]],
			[person({ role: "owner" }), ["role"]],
		])
			assertFields(await open(422, "POST", token, body), fields);
		await open(400, "POST", token, "[]");
		await open(413, "POST", token, "x".repeat(16385));
		const answer = await open(409, "POST", token, { ...taken, email: "TAKEN@example.com" });
		assert.equal(answer.json.code, "email_taken");
		await open(403, "POST", token, person(), { origin: "https://elsewhere.example" });
		await open(200, "POST", token, person());
	});

	it("is unknown after it was deleted", async () => {
		const { id, token } = await invite({ role: "member" });
		await send(204, "DELETE", `invitations/${id}`);
		await send(404, "DELETE", `invitations/${id}`);
		for (const [method, body] of [["GET"], ["POST", person()]])
			assertError(await open(404, method, token, body), 404, "Invitation not found");
	});

	it("is refused with what is invalid", async () => {
		assertFields(await send(422, "POST", "invitations", { email: 7 }), ["email", "role"]);
		assertFields(await send(422, "POST", "invitations", { role: "member", token: "x" }), ["token"]);
		await send(400, "POST", "invitations", "[]");
		await send(413, "POST", "invitations", "x".repeat(4097));
		await send(400, "GET", "invitations?limit=0");
		await send(400, "DELETE", "invitations/x");
		await send(404, "DELETE", `invitations/${NOBODY}`);
	});

	it("can be one of 200", async () => {
		const { headers } = await addOrganization(banter, "Large");
		for (let i = 0; i < MAX; i++) await invite({ role: "member" }, headers);
		await send(409, "POST", "invitations", { role: "member" }, headers);
	});

	it("can be accepted by somebody who has used up the attempts at a password", async () => {
		await withBanter(
			{ workers: 1, env: { LOGIN_FAILURES: "2", ...LONG_PENALTY } },
			async (strict) => {
				await addUser(strict, "boss@example.com");
				const wrong = { email: "boss@example.com", password: "not this one" };
				for (const status of [401, 401, 429])
					assert.equal((await postLogin(strict, wrong)).status, status);
				const { json } = await contract.drive(strict, 201, "POST", "/v1/admin/invitations", {
					headers: ADMIN,
					body: { role: "member" },
				});
				const link = `/v1/invitations/${json.token}`;
				await contract.drive(strict, 200, "GET", link);
				await contract.drive(strict, 200, "POST", link, { body: person() });
			},
		);
	});

	it("cannot be guessed: unknown tokens are limited like wrong passwords", async () => {
		await withBanter(
			{ workers: 1, env: { LOGIN_FAILURES: "2", ...LONG_PENALTY } },
			async (strict) => {
				const guess = (status, method, body) =>
					contract.drive(strict, status, method, "/v1/invitations/guess", { body });
				await guess(404, "GET");
				await guess(404, "POST", person());
				assertError(await guess(429, "GET"), 429, "Too many login attempts");
				await guess(429, "POST", person());
			},
		);
		contract.assertComplete("invitations");
	});
});
