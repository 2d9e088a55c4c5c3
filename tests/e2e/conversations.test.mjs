// Conversations in the admin API: the list by widget, contact and status, pages of the list and of threads, and
// deletion. Every response is checked against the OpenAPI document, and every documented status occurs. The
// turns of a widget's visitors are created in the store; WebSockets are tested elsewhere.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { Contract } from "./contract.mjs";
import { useBanter } from "./harness.mjs";
import {
	ADMIN,
	adminExpect,
	NOBODY,
	openVisitor,
	pagesOf,
	storeTurn,
	submitContact,
	usePeer,
	WIDGET,
} from "./organizations.mjs";

const contract = new Contract();

/** Sends a request to the admin API, and checks the response; resolves to the JSON. */
async function send(banter, status, method, path, body, headers = ADMIN) {
	const options = { headers, body };
	return (await contract.drive(banter, status, method, `/v1/admin/${path}`, options)).json;
}

async function assertInvalidQuery(banter, path) {
	assert.equal((await send(banter, 400, "GET", path)).error, "Invalid query parameters");
}

describe("the list of conversations, filtered", () => {
	const banter = useBanter();
	const store = usePeer(banter);
	const found = {}; // conversations by name
	let widget;
	let contact;
	const list = async (query) =>
		(await send(banter, 200, "GET", `conversations?${query}`)).conversations;
	const begin = async (publicId, how) => {
		const visitor = await openVisitor(store.peer, publicId);
		return [visitor, await storeTurn(visitor, how)];
	};

	before(async () => {
		const own = (await adminExpect(banter, 200, "GET", `widgets/${WIDGET}`)).widget_id;
		const other = await adminExpect(banter, 201, "POST", "widgets", { name: "Other" });
		const email = "a@filters.example";
		let visitor;
		widget = other.id;
		[visitor, found.complete] = await begin(own, { status: 0 });
		contact = await submitContact(visitor, { email });
		[, found.stopped] = await begin(own, { status: 1 });
		[visitor, found.interrupted] = await begin(other.widget_id, { status: 2 });
		await submitContact(visitor, { email });
		[, found.active] = await begin(other.widget_id, { open: true });
		found.keyed = (await banter.chat("by-key", "[[tokens=1]]")).json.conversationId;
	});

	it("shows the widget, contact, status and times of each conversation", async () => {
		const all = await list("");
		for (const { _creationTime, createdAt, updatedAt } of all) {
			assert.equal(_creationTime, createdAt);
			assert.ok(createdAt <= updatedAt && Math.abs(Date.now() - updatedAt) < 60_000);
		}
		assert.deepEqual(
			Object.fromEntries(all.map((one) => [one._id, [one.widgetId, one.contactId, one.status]])),
			{
				[found.complete]: [WIDGET, contact, "complete"],
				[found.stopped]: [WIDGET, null, "stopped"],
				[found.interrupted]: [widget, contact, "interrupted"],
				[found.active]: [widget, null, "active"],
				[found.keyed]: [WIDGET, null, "complete"],
			},
		);
	});

	it("contains the conversations that match all parameters", async () => {
		for (const [query, ...names] of [
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
		]) {
			const ids = (await list(query)).map(({ _id }) => _id);
			const wanted = names.map((name) => found[name]);
			assert.deepEqual(ids.sort(), wanted.sort(), query);
		}
	});

	it("has pages that keep the filter", async () => {
		const get = (path) => send(banter, 200, "GET", path);
		const pages = await pagesOf(get, `conversations?widgetId=${WIDGET}`, 1);
		const ids = pages.flatMap(({ conversations }) => conversations.map(({ _id }) => _id));
		assert.deepEqual(ids, [found.keyed, found.stopped, found.complete]);
	});

	it("refuses invalid ids and statuses", async () => {
		const zeros = "00000000-0000-0000-0000-000000000000";
		const ids = ["widgetId=x", "widgetId=", `widgetId=${zeros}`, "contactId=wid_0"];
		for (const query of [...ids, "status=done", "status="])
			await assertInvalidQuery(banter, `conversations?${query}`);
	});

	it("contains nothing of a deleted visitor or conversation", async () => {
		const { widget_id } = await adminExpect(banter, 200, "GET", `widgets/${WIDGET}`);
		const [visitor, conversation] = await begin(widget_id);
		const { json } = await banter.chat("by-key-too", "[[tokens=1]]");
		for (const [status, path, id] of [
			[200, `visitors/${visitor.session}`, conversation],
			[204, `conversations/${json.conversationId}`, json.conversationId],
		]) {
			await send(banter, status, "DELETE", path);
			await send(banter, 404, "DELETE", path);
			await send(banter, 404, "GET", `conversations/${id}`);
		}
		await assert.rejects(storeTurn(visitor), /the visitor token is invalid or expired/);
		await send(banter, 400, "DELETE", "visitors/a*b");
		for (const method of ["GET", "DELETE"]) await send(banter, 400, method, "conversations/a*b");
	});
});

describe("the list of conversations in pages", () => {
	const banter = useBanter();
	const N = 7;
	const get = (path) => send(banter, 200, "GET", path);
	const sessionsOf = ({ conversations }) => conversations.map(({ sessionId }) => sessionId);

	before(async () => {
		for (let i = 0; i < N; i++) await banter.chat(`visitor-${i}`, "[[tokens=1]]");
	});

	for (const limit of [1, 3, N, 200])
		it(`of ${limit}: each appears once, newest activity first`, async () => {
			const pages = await pagesOf(get, "conversations", limit);
			assert.equal(pages.length, Math.ceil(N / limit));
			for (const page of pages) assert.equal(page.total, N);
			const sessions = Array.from({ length: N }, (_, i) => `visitor-${N - 1 - i}`);
			assert.deepEqual(pages.flatMap(sessionsOf), sessions);
		});

	it("continues when the conversation of its cursor is deleted", async () => {
		await banter.chat("visitor-gone", "[[tokens=1]]");
		const first = await get(`conversations?limit=1`);
		assert.deepEqual(sessionsOf(first), ["visitor-gone"]);
		await send(banter, 204, "DELETE", `conversations/${first.conversations[0]._id}`);
		const second = await get(`conversations?cursor=${first.nextCursor}`);
		assert.equal(second.conversations.length, N);
	});

	it("accepts a valid cursor that was never issued, and refuses others", async () => {
		const all = await get(`conversations?cursor=${"A".repeat(32)}`);
		assert.equal(all.conversations.length, N);
		const { conversations, nextCursor } = await get(`conversations?cursor=${"_".repeat(32)}`);
		assert.deepEqual([conversations, nextCursor], [[], null]);
		for (const cursor of [
			...["", "A".repeat(31), "A".repeat(33), `${"A".repeat(31)}=`, `${"A".repeat(31)}+`],
			...[`${"A".repeat(29)}%41`, encodeURI("é".repeat(8)), "A".repeat(4000)],
			"AAAAAAAAAAE", // a thread's cursor
		])
			await assertInvalidQuery(banter, `conversations?cursor=${cursor}`);
	});
});

describe("a change of a conversation", () => {
	const banter = useBanter({ workers: 1 });

	it("is answered with each documented status", async () => {
		const { conversationId } = (await banter.chat("changed", "[[tokens=1]]")).json;
		const change = (status, id, body, headers) =>
			send(banter, status, "PUT", `conversations/${id}`, body, headers);
		const { conversation } = await change(200, conversationId, { state: "waiting" });
		assert.equal(conversation.state, "waiting");
		await adminExpect(banter, 200, "POST", `conversations/${conversationId}/takeover`, {});
		await change(409, conversationId, { state: "open" });
		const ended = await change(200, conversationId, { state: "resolved" });
		assert.deepEqual([ended.conversation.state, ended.conversation.operator], ["resolved", null]);
		await change(400, conversationId, "[]");
		await change(404, NOBODY, { read: true });
		await send(banter, 204, "POST", "conversations/read");
		await change(413, conversationId, undefined, { ...ADMIN, "content-length": "4097" });
		await change(422, conversationId, { state: "person" });
	});
});

describe("a thread in pages", () => {
	const banter = useBanter({ workers: 1 });
	const N = 9;
	const texts = Array.from({ length: N }, (_, i) => [`[[text="a${i}"]] q${i}`, `a${i}`]).flat();
	const get = (path) => send(banter, 200, "GET", path);
	let id;

	before(async () => {
		for (let i = 0; i < N; i++) id = (await banter.chat("long", texts[2 * i])).json.conversationId;
	});

	for (const limit of [1, 4, 2 * N, 1000])
		it(`of ${limit}: every message appears once, oldest first`, async () => {
			const pages = await pagesOf(get, `conversations/${id}`, limit);
			assert.equal(pages.length, Math.ceil((2 * N) / limit));
			const contents = pages.flatMap(({ messages }) => messages.map(({ content }) => content));
			assert.deepEqual(contents, texts);
			for (const page of pages) assert.equal(page.conversation.sessionId, "long");
		});

	it("is complete without parameters", async () => {
		const thread = await banter.thread(id);
		assert.deepEqual(Object.keys(thread), ["conversation", "messages"]);
		assert.equal(thread.messages.length, 2 * N);
	});

	it("has an empty page after the end, and refuses invalid limits and cursors", async () => {
		const { messages, nextCursor } = await get(`conversations/${id}?cursor=__________8`);
		assert.deepEqual([messages, nextCursor], [[], null]);
		for (const limit of ["0", "1001", "", "x", "10000"])
			await assertInvalidQuery(banter, `conversations/${id}?limit=${limit}`);
		for (const cursor of ["", "A", "A".repeat(32), "AAAAAAAAAAF", "AAAAAAAAAA%3D"])
			await assertInvalidQuery(banter, `conversations/${id}?limit=5&cursor=${cursor}`);
	});
});

it("shows every documented status", () => contract.assertComplete("conversations"));
