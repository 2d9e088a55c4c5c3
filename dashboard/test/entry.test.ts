import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer } from "../src/api/client";
import { createEntry, nextWait } from "../src/api/entry";
import { ApiError } from "../src/api/errors";
import { createFeed } from "../src/api/feed";
import { FakeSource, settled, Tab } from "./tab";

const offline = new ApiError("network", 0, "down");
const change = { seq: 1, kind: "widget", id: "w1", change: "changed" };

/** An entry, its feed and a server that responds on command. */
function stage({ isAffected }: { isAffected?: (change: { id: string }) => boolean } = {}) {
	const tab = new Tab();
	const sources: FakeSource[] = [];
	const feed = createFeed(tab, (url) => {
		const source = new FakeSource(url);
		sources.push(source);
		return source;
	});
	const waiting: Array<{ resolve: (v: Answer<string>) => void; reject: (e: unknown) => void }> = [];
	const server = {
		calls: 0,
		signals: [] as AbortSignal[],
		async answer(data: string) {
			waiting.shift()?.resolve({ data, etag: undefined });
			await settled();
		},
		async refuse(error: unknown) {
			waiting.shift()?.reject(error);
			await settled();
		},
	};
	const entry = createEntry<string>(
		{
			load: (signal) => {
				server.calls++;
				server.signals.push(signal);
				return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
			},
			kinds: ["widget"],
			...(isAffected && { isAffected }),
		},
		feed,
		tab,
	);
	feed.start();
	return { tab, feed, server, entry, source: () => sources[sources.length - 1] as FakeSource };
}

test("a response that was on its way does not overwrite what the user has changed since", async () => {
	const { server, entry } = stage();
	entry.look(() => {});
	await server.answer("one");
	void entry.refresh();
	entry.set("mine");
	await server.answer("one");
	assert.equal(entry.get().data, "mine");
	assert.equal(server.calls, 3, "it is read again");
	await server.answer("mine, stored");
	assert.equal(entry.get().data, "mine, stored");
});

test("data is loaded when somebody looks, once for all who look", async () => {
	const { server, entry } = stage();
	assert.equal(server.calls, 0);
	let shown = 0;
	entry.look(() => shown++);
	entry.look(() => shown++);
	assert.equal(server.calls, 1);
	await server.answer("one");
	assert.equal(entry.get().data, "one");
	assert.equal(shown, 2);
});

test("while the feed works, only changes of its kinds cause requests", async () => {
	const { tab, server, entry, source } = stage();
	source().open();
	entry.look(() => {});
	await server.answer("one");
	assert.deepEqual(tab.waits(), []);
	source().send({ ...change, kind: "agent" });
	assert.deepEqual(tab.waits(), []);
	source().send(change);
	source().send(change);
	assert.deepEqual(tab.waits(), [250], "changes that come together cause one request");
	tab.ring();
	assert.equal(server.calls, 2);
});

test("a change that does not concern the entry causes no request", async () => {
	const { tab, server, entry, source } = stage({ isAffected: ({ id }) => id === "w2" });
	source().open();
	entry.look(() => {});
	await server.answer("one");
	source().send(change);
	assert.deepEqual(tab.waits(), []);
	source().send({ ...change, id: "w2" });
	assert.deepEqual(tab.waits(), [250]);
});

test("a change during a request loads again after it", async () => {
	const { tab, server, entry, source } = stage();
	source().open();
	entry.look(() => {});
	source().send(change);
	tab.ring();
	assert.equal(server.calls, 1, "never two requests at a time");
	await server.answer("old");
	assert.equal(server.calls, 2);
	await server.answer("new");
	assert.equal(entry.get().data, "new");
});

test("without the feed it polls, and slower after failures", async () => {
	const { tab, server, entry } = stage();
	entry.look(() => {});
	await server.answer("one");
	assert.deepEqual(tab.waits(), [10_000]);
	tab.ring();
	await server.refuse(offline);
	assert.deepEqual(entry.get(), { data: "one", error: offline, etag: undefined });
	assert.deepEqual(tab.waits(), [20_000]);
	assert.equal(nextWait(5, null), 60_000);
	assert.equal(nextWait(0, 90_000), 90_000);
});

test("a record that does not exist is not asked for again", async () => {
	const { tab, server, entry } = stage();
	entry.look(() => {});
	await server.refuse(new ApiError("refused", 404, "Not found"));
	assert.deepEqual(tab.waits(), []);
});

test("a hidden tab does not poll, and catches up when it is visible", async () => {
	const { tab, server, entry } = stage();
	entry.look(() => {});
	await server.answer("one");
	tab.show(false);
	assert.deepEqual(tab.waits(), []);
	tab.show(true);
	assert.equal(server.calls, 2);
});

test("when nobody looks any more, the request is aborted and nothing is delivered", async () => {
	const { tab, server, entry } = stage();
	let shown = 0;
	const leave = entry.look(() => shown++);
	leave();
	assert.equal(server.signals[0]?.aborted, true);
	await server.answer("late");
	assert.equal(shown, 0);
	assert.deepEqual(tab.waits(), []);
	entry.look(() => shown++);
	assert.equal(server.calls, 2);
});

test("data that was set is shown before the server confirms it", async () => {
	const { server, entry } = stage();
	entry.look(() => {});
	await server.answer("one");
	entry.set("mine");
	assert.equal(entry.get().data, "mine");
});
