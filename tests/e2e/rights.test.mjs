// What members may do: nothing that nothing brings back, until an owner grants it, and nothing that is the owners'.
// Which routes are the owners' alone: accounts.test.mjs.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { ADMIN, addUser, logIn } from "./accounts.mjs";
import { assertError } from "./client.mjs";
import { Contract } from "./contract.mjs";
import { routes } from "./document.mjs";
import { useBanter } from "./harness.mjs";
import { AGENT, NOBODY, WIDGET } from "./organizations.mjs";
import { expectTool } from "./tool.mjs";

const contract = new Contract();
const GRANTED = { members: { delete: true } };
const NOT_GRANTED = { members: { delete: false } };

const DELETES = [
	...["conversations_delete", "visitors_delete", "contacts_delete", "contacts_merge"],
	...["agents_delete", "widgets_delete", "widgets_reset_id"],
];

describe("a member", () => {
	const banter = useBanter({ workers: 2 });
	let member;
	let owner;
	const send = (status, method, path, body, headers = member) =>
		contract.drive(banter, status, method, `/v1/admin/${path}`, { headers, body });
	const grant = async (rights, headers = owner) =>
		assert.deepEqual((await send(200, "PUT", "rights", rights, headers)).json, rights);
	const mine = async (headers = member) =>
		(await contract.drive(banter, 200, "GET", "/v1/admin/me", { headers })).json.rights;

	before(async () => {
		owner = await logIn(banter, await addUser(banter, "owner@example.com"));
		member = await logIn(banter, await addUser(banter, "ann@example.com", "--member"));
	});

	it("has the rights that the organization grants, and sees them", async () => {
		assert.deepEqual((await send(200, "GET", "rights")).json, NOT_GRANTED);
		assert.deepEqual(await mine(), ["work"]);
		for (const headers of [ADMIN, owner])
			assert.deepEqual(await mine(headers), ["work", "delete", "manage"]);
		await grant(GRANTED);
		assert.deepEqual(await mine(), ["work", "delete"]);
		await grant(NOT_GRANTED, ADMIN);
		assert.deepEqual(await mine(), ["work"]);
	});

	it("deletes nothing until an owner grants it, and nothing after it was taken back", async () => {
		const rows = routes().filter(({ right }) => right === "DELETE");
		assert.deepEqual(rows.map(({ name }) => name).sort(), DELETES.sort());
		const all = (check) =>
			Promise.all(
				rows.map(async ({ method, pattern, name }) => {
					const path = pattern.replace(/:\w+/, NOBODY);
					const body = name === "contacts_merge" ? { contactId: WIDGET } : undefined;
					check(await banter.request(method, path, { headers: member, body }));
				}),
			);
		const refused = (answer) =>
			assertError(
				answer,
				403,
				"Only an owner may do this, until an owner grants members the right to delete",
			);
		await all(refused);
		await grant(GRANTED);
		// A visitor that does not exist is erased, too.
		await all(({ status, text }) => assert.ok([204, 404].includes(status), text));
		await grant(NOT_GRANTED);
		await all(refused);
	});

	it("never changes how long conversations are kept", async () => {
		const path = `widgets/${WIDGET}`;
		for (const rights of [NOT_GRANTED, GRANTED]) {
			await grant(rights);
			for (const days of [1, 36500]) {
				await send(403, "PUT", path, { name: "Mine", retention_days: days });
				await send(403, "POST", "widgets", { retention_days: days });
			}
		}
		const { json } = await send(200, "PUT", path, { retention_days: 30 }, owner);
		for (const days of [1, null]) await send(403, "PUT", path, { retention_days: days });
		// What it read, it may send back.
		const name = "By a member";
		assert.equal((await send(200, "PUT", path, { ...json, name })).json.name, name);
		const made = await send(201, "POST", "widgets", { retention_days: null });
		assert.equal(made.json.retention_days, null);
		assert.equal((await send(200, "GET", path)).json.retention_days, 30);
	});

	it("deletes own notes, and others' only with the right", async () => {
		await grant(NOT_GRANTED);
		const { conversationId } = (await banter.chat("notes", "[[tokens=1]]")).json;
		const notes = `conversations/${conversationId}/notes`;
		const add = async (headers) =>
			(await send(201, "POST", notes, { text: "A note" }, headers)).json.id;
		const [own, foreign, ofKey] = [await add(member), await add(owner), await add(ADMIN)];
		await send(204, "DELETE", `${notes}/${own}`);
		for (const id of [foreign, ofKey]) await send(403, "DELETE", `${notes}/${id}`);
		await grant(GRANTED);
		await send(204, "DELETE", `${notes}/${foreign}`);
		await send(204, "DELETE", `${notes}/${ofKey}`, undefined, owner);
		await grant(NOT_GRANTED);
	});

	it("does the work of every day", async () => {
		await send(200, "PUT", `widgets/${WIDGET}`, { greeting: "Hello" });
		await send(200, "PUT", `agents/${AGENT}`, { name: "By a member" });
		const { json } = await send(201, "POST", "snippets", { name: "hi", text: "Hello" });
		await send(204, "DELETE", `snippets/${json.id}`);
	});

	it("keeps its rights over an export and a restart", async () => {
		await grant(GRANTED);
		await banter.stopStore();
		banter.startStore();
		await banter.ready();
		assert.deepEqual(await mine(), ["work", "delete"]);
		const { stdout } = await expectTool(banter, 0, "export");
		assert.match(stdout, /"member_rights":2/);
		await expectTool(banter, 0, "verify");
	});

	it("is told what is wrong with rights", async () => {
		const put = (status, body) => send(status, "PUT", "rights", body, owner);
		for (const [body, field] of [
			[{}, "members"],
			[{ members: true }, "members"],
			[{ members: { delete: 1 } }, "members.delete"],
			[{ members: { manage: true } }, "members.manage"],
			[{ members: {}, owners: {} }, "owners"],
		])
			assert.deepEqual(Object.keys((await put(422, body)).json.fields), [field]);
		await put(400, "[]");
		await put(413, "x".repeat(4097));
		await put(200, { members: {} });
		assert.deepEqual((await send(200, "GET", "rights")).json, GRANTED);
	});
});

it("shows every documented status", () => contract.assertComplete("rights"));
