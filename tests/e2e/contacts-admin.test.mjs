// Contacts by the admin API, and the list of conversations by widget, contact and how they stand.
// The visitors are the store's: how they come by a WebSocket is tested elsewhere.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { assertError } from "./client.mjs";
import { useBanter } from "./harness.mjs";
import {
	adminExpect,
	adminRequest,
	assertFields,
	connectToStore,
	LONGEST_EMAIL,
	NOBODY,
	ORG,
	openVisitor,
	storeTurn,
	submitContact,
	WIDGET,
} from "./organizations.mjs";

const UNLINKS_MAX = 500; // storaged/visitors/contacts.h: conversations that one step takes

/** A banter with a line to its store, and the public id of its first widget. */
function useStore() {
	const banter = useBanter();
	const own = { banter };
	before(async () => {
		own.peer = await connectToStore(banter);
		own.publicId = (await adminExpect(banter, 200, "GET", `widgets/${WIDGET}`)).widget_id;
	});
	after(() => own.peer.close());
	own.meet = async (contact) => submitContact(await openVisitor(own.peer, own.publicId), contact);
	return own;
}

describe("contacts", () => {
	const own = useStore();
	const { banter } = own;
	const did200 = (method, path, body) => adminExpect(banter, 200, method, path, body);

	it("there are none at first", async () => {
		assert.deepEqual(await did200("GET", "contacts"), { contacts: [], nextCursor: null });
	});

	it("one has what the visitor has said, and null for the rest", async () => {
		const id = await own.meet({ name: " Ann ", email: "Ann@Example.com" });
		const { created_at, updated_at, ...rest } = await did200("GET", `contacts/${id}`);
		assert.ok(Math.abs(created_at - Date.now()) < 60_000 && updated_at >= created_at);
		assert.deepEqual(rest, {
			id,
			organization_id: ORG,
			name: "Ann",
			email: "Ann@Example.com",
			phone: null,
		});
	});

	it("are listed in pages, the newest first", async () => {
		for (let i = 0; i < 4; i++) await own.meet({ email: `${i}@list.example` });
		const { contacts } = await did200("GET", "contacts");
		assert.equal(contacts[0].email, "3@list.example");
		const seen = [];
		for (let cursor = ""; cursor !== null; ) {
			const from = cursor === "" ? "" : `&cursor=${cursor}`;
			const page = await did200("GET", `contacts?limit=2${from}`);
			assert.ok(page.contacts.length <= 2);
			seen.push(...page.contacts);
			cursor = page.nextCursor;
		}
		assert.deepEqual(seen, contacts);
	});

	it("are found by e-mail in any case, and by phone in any form", async () => {
		const id = await own.meet({ email: "Find@Me.Example", phone: "+44 (20) 7946-0000" });
		for (const query of [
			"email=find@me.example",
			"email=FIND%40ME.EXAMPLE",
			"phone=%2B442079460000",
			"phone=%2B44%2020%207946%200000",
			"email=find@me.example&phone=%2B442079460000",
		]) {
			const { contacts } = await did200("GET", `contacts?${query}`);
			assert.deepEqual(
				contacts.map((one) => one.id),
				[id],
				query,
			);
		}
		for (const query of ["email=none@me.example", "phone=1"])
			assert.deepEqual((await did200("GET", `contacts?${query}`)).contacts, [], query);
		for (const query of [
			"email=",
			"phone=",
			`email=${"x".repeat(255)}`,
			`phone=${"1".repeat(65)}`,
			"limit=0",
			"cursor=x",
		])
			assertError(
				await adminRequest(banter, "GET", `contacts?${query}`),
				400,
				"Invalid query parameters",
			);
	});

	it("a change leaves what it does not name, null takes away, and what was read may be sent", async () => {
		const id = await own.meet({ name: "Bob", email: "bob@change.example", phone: "12 34" });
		const named = await did200("PUT", `contacts/${id}`, { name: "Robert" });
		assert.deepEqual(
			[named.name, named.email, named.phone],
			["Robert", "bob@change.example", "12 34"],
		);
		const nulled = await did200("PUT", `contacts/${id}`, { ...named, phone: null });
		assert.equal(nulled.phone, null);
		assert.equal(nulled.created_at, named.created_at);
		const moved = await did200("PUT", `contacts/${id}`, { email: "rob@change.example" });
		assert.equal(moved.email, "rob@change.example");
		assert.deepEqual((await did200("GET", "contacts?email=bob@change.example")).contacts, []);
	});

	it("422 for each member that is wrong", async () => {
		const id = await own.meet({ email: "wrong@example.com" });
		for (const [name, values] of Object.entries({
			name: ["x".repeat(201), 1, "a\nb"],
			email: ["ann", "a@b@c", "a b@example.com", 1, `${"x".repeat(250)}@a.example`],
			phone: ["none", "1".repeat(65), 1],
			organization_id: [NOBODY],
			widget: [1],
		}))
			for (const value of values)
				assertFields(await adminRequest(banter, "PUT", `contacts/${id}`, { [name]: value }), [
					name,
				]);
	});

	it("422 for an e-mail that grows too long where its case does not count", async () => {
		const id = await own.meet({ email: "grows@example.com" });
		assertFields(await adminRequest(banter, "PUT", `contacts/${id}`, { email: LONGEST_EMAIL }), [
			"email",
		]);
		const { email } = await did200("GET", `contacts/${id}`);
		assert.equal(email, "grows@example.com");
	});

	it("409 for another contact's e-mail or phone", async () => {
		const id = await own.meet({ email: "first@two.example", phone: "555 1" });
		const other = await own.meet({ email: "second@two.example", phone: "555 2" });
		for (const body of [{ email: "FIRST@two.example" }, { phone: "5551" }])
			assertError(
				await adminRequest(banter, "PUT", `contacts/${other}`, body),
				409,
				undefined,
				"exists",
			);
		await did200("PUT", `contacts/${id}`, { email: "FIRST@two.example" });
	});

	it("deleting one leaves its conversations, without a contact", async () => {
		const visitor = await openVisitor(own.peer, own.publicId);
		const conversation = await storeTurn(visitor);
		const id = await submitContact(visitor, { email: "gone@example.com" });
		const before = await did200("GET", `conversations?contactId=${id}`);
		assert.deepEqual(
			before.conversations.map((one) => [one._id, one.contactId]),
			[[conversation, id]],
		);
		assert.equal((await adminRequest(banter, "DELETE", `contacts/${id}`)).status, 204);
		assertError(await adminRequest(banter, "GET", `contacts/${id}`), 404, "Contact not found");
		const thread = await did200("GET", `conversations/${conversation}`);
		assert.equal(thread.conversation.contactId, null);
		assert.deepEqual((await did200("GET", `conversations?contactId=${id}`)).conversations, []);
	});

	it("deleting one is done in one request, however many conversations there are", async () => {
		const contact = { email: "often@example.com" };
		const id = await own.meet(contact);
		const come = async () => {
			const visitor = await openVisitor(own.peer, own.publicId);
			await submitContact(visitor, contact);
			await storeTurn(visitor);
		};
		await Promise.all(Array.from({ length: UNLINKS_MAX + 1 }, come));
		assert.equal((await adminRequest(banter, "DELETE", `contacts/${id}`)).status, 204);
		assertError(await adminRequest(banter, "GET", `contacts/${id}`), 404, "Contact not found");
		assert.deepEqual((await did200("GET", `conversations?contactId=${id}`)).conversations, []);
	});

	it("400 and 404", async () => {
		for (const [method, body] of [["GET"], ["PUT", {}], ["DELETE"]]) {
			assertError(
				await adminRequest(banter, method, `contacts/${NOBODY}`, body),
				404,
				"Contact not found",
			);
			assertError(await adminRequest(banter, method, "contacts/x", body), 400, "Invalid contactId");
		}
		assertError(await adminRequest(banter, "PUT", `contacts/${NOBODY}`, "[]"), 400);
	});
});

describe("conversations", () => {
	const own = useStore();
	const { banter } = own;
	const found = {};
	const list = async (query) => {
		const { conversations } = await adminExpect(banter, 200, "GET", `conversations?${query}`);
		return conversations.map(({ _id }) => _id).sort();
	};
	const named = (...names) => names.map((name) => found[name]).sort();

	before(async () => {
		const other = await adminExpect(banter, 201, "POST", "widgets", { name: "Other" });
		found.widget = other.id;
		const some = async (publicId, how) => {
			const visitor = await openVisitor(own.peer, publicId);
			return [visitor, await storeTurn(visitor, how)];
		};
		let visitor;
		[visitor, found.complete] = await some(own.publicId, { status: 0 });
		found.contact = await submitContact(visitor, { email: "a@filters.example" });
		[visitor, found.stopped] = await some(own.publicId, { status: 1 });
		[visitor, found.interrupted] = await some(other.widget_id, { status: 2 });
		await submitContact(visitor, { email: "a@filters.example" });
		[, found.active] = await some(other.widget_id, { open: true });
		found.keyed = (await banter.chat("by-key", "[[tokens=1]]")).json.conversationId;
	});

	it("tell their widget, their contact and how they stand", async () => {
		const { conversations } = await adminExpect(banter, 200, "GET", "conversations");
		const told = Object.fromEntries(
			conversations.map((one) => [one._id, [one.widgetId, one.contactId, one.status]]),
		);
		assert.deepEqual(told, {
			[found.complete]: [WIDGET, found.contact, "complete"],
			[found.stopped]: [WIDGET, null, "stopped"],
			[found.interrupted]: [found.widget, found.contact, "interrupted"],
			[found.active]: [found.widget, null, "active"],
			[found.keyed]: [WIDGET, null, "complete"],
		});
	});

	it("are listed by any of these, and by several", async () => {
		const { widget, contact } = found;
		for (const [query, ...names] of [
			["", "complete", "stopped", "interrupted", "active", "keyed"],
			[`widgetId=${WIDGET}`, "complete", "stopped", "keyed"],
			[`widgetId=${widget}`, "interrupted", "active"],
			[`contactId=${contact}`, "complete", "interrupted"],
			["status=complete", "complete", "keyed"],
			["status=stopped", "stopped"],
			["status=interrupted", "interrupted"],
			["status=active", "active"],
			[`widgetId=${widget}&contactId=${contact}`, "interrupted"],
			[`widgetId=${WIDGET}&status=complete`, "complete", "keyed"],
			[`contactId=${contact}&status=complete`, "complete"],
			[`widgetId=${widget}&contactId=${contact}&status=complete`],
			[`widgetId=${NOBODY}`],
			[`contactId=${NOBODY}`],
		])
			assert.deepEqual(await list(query), named(...names), query);
	});

	it("in pages as well", async () => {
		const seen = [];
		for (let cursor = ""; cursor !== null; ) {
			const from = cursor === "" ? "" : `&cursor=${cursor}`;
			const path = `conversations?widgetId=${WIDGET}&limit=1${from}`;
			const page = await adminExpect(banter, 200, "GET", path);
			seen.push(...page.conversations.map(({ _id }) => _id));
			cursor = page.nextCursor;
		}
		assert.deepEqual(seen.sort(), named("complete", "stopped", "keyed"));
	});

	it("400 for what is no id and no status", async () => {
		for (const query of [
			"widgetId=x",
			"widgetId=",
			"widgetId=00000000-0000-0000-0000-000000000000",
			"contactId=wid_0",
			"status=done",
			"status=",
		])
			assertError(
				await adminRequest(banter, "GET", `conversations?${query}`),
				400,
				"Invalid query parameters",
			);
	});

	it("a widget's visitor is deleted by its session", async () => {
		const visitor = await openVisitor(own.peer, own.publicId);
		const conversation = await storeTurn(visitor);
		const path = `visitors/${visitor.session}`;
		assert.equal((await adminExpect(banter, 200, "DELETE", path)).conversations, 1);
		assertError(await adminRequest(banter, "GET", `conversations/${conversation}`), 404);
		assertError(await adminRequest(banter, "DELETE", path), 404, "Visitor not found");
		await assert.rejects(storeTurn(visitor), /the visitor token is invalid or expired/);
	});
});
