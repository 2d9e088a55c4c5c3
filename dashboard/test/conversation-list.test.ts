import assert from "node:assert/strict";
import { test } from "node:test";
import type { Conversation, Me } from "../../workerd/api/openapi/openapi";
import type { Client } from "../src/api/client";
import { ApiError } from "../src/api/errors";
import { createFeed } from "../src/api/feed";
import { ConversationList } from "../src/inbox/conversation-list";
import type { View } from "../src/inbox/views";
import { conversation } from "./conversation";
import { FakeSource, Tab } from "./tab";

const settle = () => new Promise((resolve) => setTimeout(resolve));

/** A server with n conversations, c1 the oldest, that notes the requests. */
function stage(n: number, view: View = "all") {
	const server = new Map<string, Conversation>();
	for (let i = 1; i <= n; i++)
		server.set(`c${i}`, conversation({ _id: `c${i}`, updatedAt: i, unread: true }));
	const requests: string[] = [];
	let failure: ApiError | null = null;

	interface Query {
		readonly cursor?: string;
		readonly newer?: string;
		readonly limit: number;
	}
	function page({ cursor, newer, limit }: Query) {
		const all = [...server.values()].sort((a, b) => b.updatedAt - a.updatedAt);
		const after = cursor === undefined ? 0 : all.findIndex((one) => one.updatedAt < Number(cursor));
		const end = newer === undefined ? -1 : all.findIndex((one) => one.updatedAt <= Number(newer));
		const from = newer === undefined ? after : Math.max(0, end - limit);
		const conversations = all.slice(from, newer === undefined ? from + limit : end);
		const last = conversations[conversations.length - 1];
		return {
			conversations,
			total: all.length,
			nextCursor: last && last !== all[all.length - 1] ? String(last.updatedAt) : null,
			previousCursor: from > 0 ? String(conversations[0]?.updatedAt) : null,
		};
	}
	const api = {
		async get(path: string, options: { path?: { conversationId: string }; query: Query }) {
			const id = options.path?.conversationId;
			const { limit, ...query } = options.query;
			requests.push(id ?? `page ${JSON.stringify(query)} ${limit}`);
			if (failure) throw failure;
			if (id === undefined) return page(options.query);
			const found = server.get(id);
			if (!found) throw new ApiError("refused", 404, path);
			return { conversation: found };
		},
		async put(_: string, { path, body }: { path: { conversationId: string }; body: object }) {
			if (failure) throw failure;
			const row = { ...conversation(), ...server.get(path.conversationId), ...body };
			server.set(row._id, row);
			return { conversation: row };
		},
	} as unknown as Client;
	const tab = new Tab();
	const sources: FakeSource[] = [];
	const feed = createFeed(tab, (url) => {
		const source = new FakeSource(url);
		sources.push(source);
		return source;
	});
	const list = new ConversationList({ api, feed }, view, () => ({ user: { id: "me" } }) as Me, tab);
	let seq = 0;
	return {
		server,
		requests,
		tab,
		list,
		fail: (error: ApiError | null) => {
			failure = error;
		},
		ids: () => list.rows.all.map(({ _id }) => _id),
		/** Somebody looks, and the feed works. */
		async open() {
			feed.start();
			list.look(() => {});
			sources[0]?.open();
			tab.ring();
			await settle();
			requests.length = 0;
		},
		/** The server reports a change, and the list has followed it. */
		async report(kind: string, id: string, change: string, conversationId?: string) {
			sources[0]?.send({ seq: ++seq, kind, id, change, ...(conversationId && { conversationId }) });
		},
		async follow() {
			tab.ring();
			await settle();
		},
	};
}

test("after a change, only the changed conversation is read", async () => {
	const { open, report, follow, requests, server, ids } = stage(60);
	await open();
	assert.equal(ids()[0], "c60");
	server.set("c20", conversation({ _id: "c20", updatedAt: 100 }));
	await report("message", "m1", "created", "c20");
	await report("reply", "m2", "complete", "c20");
	await follow();
	assert.deepEqual(requests, ["c20"]);
	assert.deepEqual(ids().slice(0, 2), ["c20", "c60"]);
});

test("after many changes the newest page is read, and the others one by one", async () => {
	const { open, report, follow, requests, server } = stage(60);
	await open();
	for (let i = 0; i < 12; i++) {
		server.set(`c${i + 40}`, conversation({ _id: `c${i + 40}`, updatedAt: 100 + i }));
		await report("message", `m${i}`, "created", `c${i + 40}`);
	}
	await report("conversation", "c3", "state");
	await follow();
	assert.deepEqual(requests, ['page {"state":"open,waiting,person"} 50', "c3"]);
});

test("a conversation that was deleted, or has left the view, disappears", async () => {
	const { open, report, follow, requests, server, ids } = stage(3, "unassigned");
	await open();
	await report("conversation", "c3", "deleted");
	assert.deepEqual(ids(), ["c2", "c1"], "at once");
	server.set("c2", conversation({ _id: "c2", updatedAt: 2, assignedTo: "me" }));
	await report("conversation", "c2", "assigned");
	server.delete("c1");
	await report("conversation", "c1", "state");
	await follow();
	assert.deepEqual(ids(), []);
	assert.deepEqual(requests.sort(), ["c1", "c2"]);
});

test("a gap far down is read again from the beginning of the page that is shown, and upwards", async () => {
	const { open, follow, requests, list, tab, ids } = stage(700);
	await open();
	for (let i = 0; i < 4; i++) await list.loadOlder();
	assert.equal(ids().length, 700);
	list.firstVisible = 500;
	list.scrollTop = 500;
	requests.length = 0;
	const visible = ids()[500];
	tab.show(false);
	tab.show(true);
	await list.refresh();
	assert.deepEqual(requests, ['page {"state":"open,waiting,person","cursor":"251"} 200']);
	assert.ok(ids().includes(visible ?? ""));
	assert.equal(list.rows.newer, "250");
	await list.loadNewer();
	assert.equal(ids()[0], "c450");
	await follow();
});

test("a change is shown at once, and taken back if the server refuses it", async () => {
	const { open, list, fail, server } = stage(2, "unassigned");
	await open();
	const row = list.rows.get("c1");
	assert.ok(row);
	const change = list.change(row, { state: "resolved" });
	assert.equal(list.rows.get("c1"), undefined);
	await change;
	assert.equal(server.get("c1")?.state, "resolved");
	const other = list.rows.get("c2");
	assert.ok(other);
	fail(new ApiError("network", 0, "offline"));
	await assert.rejects(list.change(other, { assignedTo: "me" }));
	assert.equal(list.rows.get("c2")?.assignedTo, null);
});

test("it polls only without the feed, and says why a request failed", async () => {
	const { open, tab, list, fail, requests } = stage(2);
	await open();
	assert.deepEqual(tab.waits(), []);
	fail(new ApiError("network", 0, "offline"));
	await list.refresh();
	assert.equal(list.error?.failure, "network");
	assert.deepEqual(tab.waits(), [20_000]);
	fail(null);
	tab.ring();
	await settle();
	assert.equal(list.error, null);
	assert.deepEqual(tab.waits(), []);
	assert.equal(requests.length, 2);
});

test("all is read when this user says so, in any tab", async () => {
	const { open, report, list } = stage(2);
	await open();
	await report("user", "other", "read");
	assert.ok(list.rows.all.every(({ unread }) => unread));
	await report("user", "me", "read");
	assert.ok(list.rows.all.every(({ unread }) => !unread));
});

test("a list that has ended hears nothing more, and reads nothing", async () => {
	const { open, report, requests, list, tab } = stage(3);
	await open();
	list.end();
	await report("message", "m1", "created", "c2");
	assert.deepEqual(tab.timers, []);
	assert.deepEqual(requests, []);
});
