import assert from "node:assert/strict";
import { test } from "node:test";
import { followChanges, type Source } from "../src/changes";

/** A visible tab, and the connections that are made in it. */
function stage() {
	const watchers: Array<() => void> = [];
	const tab = {
		visible: true,
		planned: [] as Array<() => void>,
		isVisible: () => tab.visible,
		onVisibility(changed: () => void) {
			watchers.push(changed);
			return () => {
				watchers.length = 0;
			};
		},
		after(_ms: number, run: () => void) {
			tab.planned.push(run);
			return () => void tab.planned.splice(0);
		},
		show(visible: boolean) {
			tab.visible = visible;
			for (const changed of watchers) changed();
		},
	};
	const sources: Array<Source & { url: string; readyState: number }> = [];
	const open = (url: string) => {
		const source = {
			url,
			readyState: 0,
			onopen: null,
			onmessage: null,
			onerror: null,
			close() {
				source.readyState = 2;
			},
		};
		sources.push(source);
		return source;
	};
	let changes = 0;
	const following = followChanges(["message", "reply"], () => changes++, tab, open);
	const last = () => {
		const source = sources[sources.length - 1];
		assert.ok(source);
		return source;
	};
	/** The browser calls a handler of the newest connection. */
	const call = (name: "onopen" | "onmessage" | "onerror", readyState: number) => {
		last().readyState = readyState;
		const handler = last()[name];
		if (handler) Reflect.apply(handler, null, [new Event(name)]);
	};
	return { tab, sources, last, call, following, changes: () => changes };
}

test("each change is reported, and that changes may have been missed", () => {
	const { call, following, changes, last } = stage();
	assert.equal(last().url, "/v1/admin/events?kinds=message,reply");
	assert.equal(following.isLive(), false);
	call("onopen", 1);
	call("onmessage", 1);
	assert.deepEqual([following.isLive(), changes()], [true, 2]);
	call("onerror", 0);
	call("onerror", 0);
	assert.deepEqual([following.isLive(), changes()], [false, 3]);
	call("onopen", 1);
	assert.deepEqual([following.isLive(), changes()], [true, 4]);
});

test("a refused connection is opened again later", () => {
	const { call, tab, sources } = stage();
	call("onerror", 0);
	assert.equal(tab.planned.length, 0, "the browser tries again");
	call("onerror", 2);
	tab.planned.shift()?.();
	assert.equal(sources.length, 2);
});

test("a hidden tab has no connection, and a stopped one neither", () => {
	const { call, tab, sources, last, following } = stage();
	call("onopen", 1);
	tab.show(false);
	assert.deepEqual([last().readyState, following.isLive(), sources.length], [2, false, 1]);
	tab.show(true);
	assert.equal(sources.length, 2);
	following.stop();
	assert.equal(last().readyState, 2);
	tab.show(true);
	assert.equal(sources.length, 2);
});
