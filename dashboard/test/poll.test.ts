import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../src/errors";
import { nextWait, type PollOptions, type Surroundings, startPoll } from "../src/poll";

/** A tab whose time and visibility the test controls. */
class Tab implements Surroundings {
	visible = true;
	timers: Array<{ ms: number; run: () => void }> = [];
	watchers = new Set<() => void>();

	isVisible() {
		return this.visible;
	}
	onVisibility(changed: () => void) {
		this.watchers.add(changed);
		return () => this.watchers.delete(changed);
	}
	after(ms: number, run: () => void) {
		const timer = { ms, run };
		this.timers.push(timer);
		return () => {
			this.timers = this.timers.filter((t) => t !== timer);
		};
	}
	show(visible: boolean) {
		this.visible = visible;
		for (const watcher of this.watchers) watcher();
	}
	ring() {
		const timer = this.timers.shift();
		assert.ok(timer, "no call is planned");
		timer.run();
	}
}

/** A server that responds on command. */
class Server {
	calls = 0;
	signals: AbortSignal[] = [];
	seen: string[] = [];
	private settle: Array<{ resolve: (v: string) => void; reject: (e: unknown) => void }> = [];

	readonly options: PollOptions<string> = {
		every: 5000,
		load: (signal) => {
			this.calls++;
			this.signals.push(signal);
			return new Promise((resolve, reject) => this.settle.push({ resolve, reject }));
		},
		onData: (data) => this.seen.push(data),
		onError: (error) => this.seen.push(`error ${error.status}`),
	};

	async answer(data: string) {
		this.settle.shift()?.resolve(data);
		await settled();
	}
	async refuse(error: unknown) {
		this.settle.shift()?.reject(error);
		await settled();
	}
}

/** Runs all pending microtasks. */
const settled = () => new Promise((resolve) => setImmediate(resolve));
const waits = (tab: Tab) => tab.timers.map((t) => t.ms);
const offline = new ApiError("network", 0, "down");

test("it asks at once, and again a while after each answer", async () => {
	const tab = new Tab();
	const server = new Server();
	startPoll(server.options, tab);
	assert.equal(server.calls, 1);
	assert.deepEqual(waits(tab), [], "the next call waits for the answer");
	await server.answer("one");
	assert.deepEqual(waits(tab), [5000]);
	tab.ring();
	assert.equal(server.calls, 2);
	await server.answer("two");
	assert.deepEqual(server.seen, ["one", "two"]);
});

test("a hidden tab asks nothing, and asks at once when it is seen again", async () => {
	const tab = new Tab();
	const server = new Server();
	startPoll(server.options, tab);
	await server.answer("one");
	tab.show(false);
	assert.deepEqual(waits(tab), []);
	tab.show(true);
	assert.equal(server.calls, 2);
	tab.show(false);
	await server.answer("two");
	assert.deepEqual(waits(tab), [], "an answer to a hidden tab plans nothing");
});

test("there is never more than one call under way", async () => {
	const tab = new Tab();
	const server = new Server();
	const poll = startPoll(server.options, tab);
	void poll.refresh();
	tab.show(true);
	assert.equal(server.calls, 1);
	await server.answer("one");
	assert.equal(waits(tab).length, 1);
	void poll.refresh();
	assert.deepEqual(waits(tab), [], "a call by hand replaces the planned one");
});

test("failures space the calls out, and one success brings the pace back", async () => {
	const tab = new Tab();
	const server = new Server();
	startPoll(server.options, tab);
	await server.refuse(offline);
	assert.deepEqual(waits(tab), [10_000]);
	tab.ring();
	await server.refuse(new ApiError("refused", 429, "slow", 45_000));
	assert.deepEqual(waits(tab), [45_000]);
	tab.ring();
	await server.answer("back");
	assert.deepEqual(waits(tab), [5000]);
	assert.deepEqual(server.seen, ["error 0", "error 429", "back"]);
});

test("it gives up on what can't get better", async () => {
	const tab = new Tab();
	const server = new Server();
	const poll = startPoll(server.options, tab);
	await server.refuse(new ApiError("refused", 404, "gone"));
	assert.deepEqual(waits(tab), []);
	tab.show(true);
	await poll.refresh();
	assert.equal(server.calls, 1);
});

test("once stopped, it aborts its call and hands nothing over", async () => {
	const tab = new Tab();
	const server = new Server();
	const poll = startPoll(server.options, tab);
	poll.stop();
	assert.equal(server.signals[0]?.aborted, true);
	await server.answer("late");
	assert.deepEqual(server.seen, []);
	assert.deepEqual(waits(tab), []);
	assert.equal(tab.watchers.size, 0);
});

test("the wait doubles up to a minute, and never undercuts Retry-After", () => {
	assert.equal(nextWait(3000, 0, null), 3000);
	assert.equal(nextWait(3000, 1, null), 6000);
	assert.equal(nextWait(3000, 60, null), 60_000);
	assert.equal(nextWait(3000, 1, 1000), 6000);
	assert.equal(nextWait(3000, 1, 90_000), 90_000);
});

test("while changes are reported, it asks only after a change, once for several", async () => {
	const tab = new Tab();
	const server = new Server();
	let changed = () => {};
	let isLive = true;
	let stopped = 0;
	const follow = (call: () => void) => {
		changed = call;
		return { isLive: () => isLive, stop: () => void stopped++ };
	};
	const poll = startPoll({ ...server.options, follow }, tab);
	await server.answer("one");
	assert.deepEqual(waits(tab), []);
	changed();
	changed();
	assert.deepEqual(waits(tab), [250]);
	tab.ring();
	// A change during the request: its answer may be older.
	changed();
	tab.ring();
	await server.answer("two");
	await server.answer("three");
	assert.deepEqual([server.calls, server.seen], [3, ["one", "two", "three"]]);
	isLive = false;
	changed();
	tab.ring();
	await server.answer("four");
	assert.deepEqual(waits(tab), [5000], "it polls");
	changed();
	poll.stop();
	assert.deepEqual([waits(tab), stopped], [[], 1]);
});

test("after a failure it tries again, although changes are reported", async () => {
	const tab = new Tab();
	const server = new Server();
	startPoll({ ...server.options, follow: () => ({ isLive: () => true, stop() {} }) }, tab);
	await server.refuse(offline);
	assert.deepEqual(waits(tab), [10_000]);
});
