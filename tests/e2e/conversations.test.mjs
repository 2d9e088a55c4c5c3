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
import { beginHanging } from "./replies.mjs";

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

	it("shows the details of each contact, and who wrote the last message", async () => {
		await send(banter, 200, "PUT", `contacts/${contact}`, { name: "Ann", phone: "+44 20" });
		const all = Object.fromEntries((await list("")).map((one) => [one._id, one]));
		const ann = { name: "Ann", email: "a@filters.example", phone: "+44 20" };
		assert.deepEqual(
			Object.entries(found).map(([name, id]) => [name, all[id].contact, all[id].lastRole]),
			[
				["complete", ann, "assistant"],
				["stopped", null, "assistant"],
				["interrupted", ann, "assistant"],
				["active", null, "user"],
				["keyed", null, "assistant"],
			],
		);
		const one = await send(banter, 200, "GET", `conversations/${found.interrupted}?latest=true`);
		assert.deepEqual([one.conversation.contact, one.conversation.lastRole], [ann, "assistant"]);
		const changed = await send(banter, 200, "PUT", `conversations/${found.complete}`, {
			read: true,
		});
		assert.deepEqual(changed.conversation.contact, ann);
	});

	it("contains those in any of several states", async () => {
		await send(banter, 200, "PUT", `conversations/${found.stopped}`, { state: "waiting" });
		await send(banter, 200, "PUT", `conversations/${found.keyed}`, { state: "resolved" });
		for (const [states, ...names] of [
			["open", "complete", "interrupted", "active"],
			["waiting,person", "stopped"],
			["open,waiting,person", "complete", "stopped", "interrupted", "active"],
			["resolved,waiting", "stopped", "keyed"],
		]) {
			const ids = (await list(`state=${states}`)).map(({ _id }) => _id);
			assert.deepEqual(ids.sort(), names.map((name) => found[name]).sort(), states);
		}
		for (const states of ["", ",", "open,", "open,,waiting", "all"])
			await assertInvalidQuery(banter, `conversations?state=${states}`);
		await send(banter, 200, "PUT", `conversations/${found.stopped}`, { state: "open" });
		await send(banter, 200, "PUT", `conversations/${found.keyed}`, { state: "open" });
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

	it("is read in both directions: each page leads back to the one before it", async () => {
		const top = await get("conversations?limit=3");
		assert.equal(top.previousCursor, null);
		const down = await pagesOf(get, "conversations", 3);
		assert.deepEqual(down[0], top);
		const last = down.at(-1);
		let [page, rows] = [last, last.conversations];
		while (page.previousCursor !== null) {
			page = await get(`conversations?limit=2&newer=${page.previousCursor}`);
			rows = [...page.conversations, ...rows];
			// The way back down begins behind the page.
			const below = await get(`conversations?limit=1&cursor=${page.nextCursor}`);
			assert.deepEqual(below.conversations, rows.slice(page.conversations.length).slice(0, 1));
		}
		assert.deepEqual(
			rows,
			down.flatMap(({ conversations }) => conversations),
		);
	});

	it("has newer rows before a page when they come", async () => {
		const { nextCursor } = await get("conversations?limit=1");
		const second = await get(`conversations?limit=1&cursor=${nextCursor}`);
		const { conversations } = await get(`conversations?newer=${second.previousCursor}`);
		await banter.chat("visitor-new", "[[tokens=1]]");
		const now = await get(`conversations?newer=${second.previousCursor}`);
		assert.deepEqual(now.conversations.slice(1), conversations);
		assert.deepEqual([sessionsOf(now)[0], now.previousCursor], ["visitor-new", null]);
		await send(banter, 204, "DELETE", `conversations/${now.conversations[0]._id}`);
		for (const query of ["newer=", "newer=x", `newer=${nextCursor}&cursor=${nextCursor}`])
			await assertInvalidQuery(banter, `conversations?${query}`);
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

	it("is read from the newest messages backwards, and forwards again", async () => {
		const pages = [await get(`conversations/${id}?latest=true&limit=4`)];
		assert.deepEqual([pages[0].nextCursor, pages[0].active], [null, null]);
		while (pages[0].previousCursor !== null)
			pages.unshift(await get(`conversations/${id}?before=${pages[0].previousCursor}&limit=4`));
		const contents = pages.flatMap(({ messages }) => messages.map(({ content }) => content));
		assert.deepEqual(contents, texts);
		for (const [i, page] of pages.slice(0, -1).entries()) {
			const next = await get(`conversations/${id}?cursor=${page.nextCursor}&limit=4`);
			assert.deepEqual(next.messages, pages[i + 1].messages);
			assert.equal(next.previousCursor, page.nextCursor);
		}
	});

	it("has a page around each message, with the messages before and behind it", async () => {
		const { messages } = await get(`conversations/${id}`);
		for (const [i, { _id }] of messages.entries()) {
			const page = await get(`conversations/${id}?around=${_id}&limit=5`);
			const from = Math.max(0, i - 2);
			assert.deepEqual(page.messages, messages.slice(from, from + 5));
			assert.equal(page.previousCursor === null, from === 0);
			assert.equal(page.nextCursor === null, from + 5 >= messages.length);
		}
		const one = await send(banter, 404, "GET", `conversations/${id}?around=${NOBODY}`);
		assert.equal(one.code, "message_not_found");
	});

	it("names the reply that is being written", async () => {
		const { messageId, stream } = await beginHanging(banter, "running");
		const { _id } = (await get("conversations?limit=1")).conversations[0];
		const page = await get(`conversations/${_id}?latest=true`);
		assert.equal(page.active, messageId);
		stream.leave();
	});

	it("begins at one place only", async () => {
		for (const query of [
			"latest=false",
			"before=x",
			"around=x",
			"latest=true&cursor=AAAAAAAAAGU",
			"latest=true&before=AAAAAAAAAGU",
			`around=${NOBODY}&latest=true`,
		])
			await assertInvalidQuery(banter, `conversations/${id}?${query}`);
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
