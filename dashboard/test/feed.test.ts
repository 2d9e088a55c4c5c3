import assert from "node:assert/strict";
import { test } from "node:test";
import { createFeed } from "../src/api/feed";
import { FakeSource, Tab } from "./tab";

const change = { seq: 1, kind: "message", id: "m1", conversationId: "c1", change: "created" };

function stage() {
	const tab = new Tab();
	const sources: FakeSource[] = [];
	const feed = createFeed(tab, (url) => {
		const source = new FakeSource(url);
		sources.push(source);
		return source;
	});
	const heard: Array<string | null> = [];
	feed.listen(["message"], (one) => heard.push(one?.id ?? null));
	return { tab, feed, sources, heard, newest: () => sources[sources.length - 1] as FakeSource };
}

test("listeners hear the kinds that they asked for, over one stream", () => {
	const { feed, sources, heard, newest } = stage();
	feed.start();
	feed.start();
	newest().open();
	newest().send(change);
	newest().send({ ...change, kind: "agent", id: "a1" });
	assert.deepEqual(heard, [null, "m1"], "what happened before the stream was open is unknown");
	assert.equal(sources.length, 1);
});

test("a lost stream is not live until the browser has opened it again", () => {
	const { tab, feed, newest } = stage();
	let changes = 0;
	feed.watch(() => changes++);
	feed.start();
	newest().open();
	assert.equal(feed.isLive(), true);
	newest().fail(false);
	assert.equal(feed.isLive(), false);
	assert.deepEqual(tab.waits(), [], "the browser tries again by itself");
	newest().open();
	assert.equal(changes, 3);
});

test("after a refusal a new stream is opened, and everything is read again", () => {
	const { tab, feed, sources, heard, newest } = stage();
	feed.start();
	newest().open();
	newest().fail(true);
	assert.deepEqual(tab.waits(), [10_000]);
	tab.ring();
	assert.equal(sources.length, 2);
	assert.deepEqual(heard, [null]);
	newest().open();
	assert.deepEqual(heard, [null, null]);
});

test("a tab that is shown again resumes behind the last event; if that is impossible, it begins again", () => {
	const { tab, feed, heard, newest } = stage();
	feed.start();
	newest().open();
	newest().send({ ...change, seq: 7 });
	tab.show(false);
	tab.show(true);
	assert.equal(newest().url, "/v1/admin/events?lastEventId=7");
	newest().open();
	newest().send({ ...change, seq: 8, id: "m2" });
	assert.deepEqual(heard, [null, "m1", "m2"]);
	tab.show(false);
	tab.show(true);
	assert.equal(newest().url, "/v1/admin/events?lastEventId=8");
	newest().fail(true);
	assert.deepEqual(tab.waits(), [0], "at once");
	tab.ring();
	assert.equal(newest().url, "/v1/admin/events");
	newest().open();
	assert.deepEqual(heard, [null, "m1", "m2", null]);
});

test("a hidden tab has no stream, unless something needs it", () => {
	const { tab, feed, sources, newest } = stage();
	feed.start();
	newest().open();
	tab.show(false);
	assert.equal(newest().isClosed, true);
	assert.equal(feed.isLive(), false);
	feed.keepWhenHidden(true);
	assert.equal(sources.length, 2);
	tab.show(true);
	assert.equal(sources.length, 2, "the stream goes on");
});

test("after the user signed out there is no stream", () => {
	const { tab, feed, sources, newest } = stage();
	feed.start();
	newest().open();
	feed.stop();
	assert.equal(newest().isClosed, true);
	tab.show(false);
	tab.show(true);
	assert.equal(sources.length, 1);
});
