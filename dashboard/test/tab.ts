// A tab whose time, visibility and change feed the test controls.

import assert from "node:assert/strict";
import type { Source } from "../src/api/feed";
import type { Surroundings } from "../src/api/surroundings";

export class Tab implements Surroundings {
	isShown = true;
	timers: Array<{ ms: number; run: () => void }> = [];
	private readonly watchers = new Set<() => void>();

	isVisible() {
		return this.isShown;
	}

	onChange(changed: () => void) {
		this.watchers.add(changed);
		return () => void this.watchers.delete(changed);
	}

	after(ms: number, run: () => void) {
		const timer = { ms, run };
		this.timers.push(timer);
		return () => {
			this.timers = this.timers.filter((one) => one !== timer);
		};
	}

	show(isShown: boolean) {
		this.isShown = isShown;
		for (const watcher of [...this.watchers]) watcher();
	}

	/** Lets the time of the first timer come. */
	ring() {
		const timer = this.timers.shift();
		assert.ok(timer, "no call is planned");
		timer.run();
	}

	waits() {
		return this.timers.map(({ ms }) => ms);
	}
}

export const OPEN = 1;
export const CLOSED = 2;

/** An EventSource whose server is the test. */
export class FakeSource implements Source {
	onopen: EventSource["onopen"] = null;
	onmessage: EventSource["onmessage"] = null;
	onerror: EventSource["onerror"] = null;
	readyState = 0;
	isClosed = false;

	constructor(readonly url: string) {}

	close() {
		this.isClosed = true;
	}

	open() {
		this.readyState = OPEN;
		this.call(this.onopen, new Event("open"));
	}

	send(change: object) {
		this.call(this.onmessage, new MessageEvent("message", { data: JSON.stringify(change) }));
	}

	/** `isRefused`: the browser does not try again. */
	fail(isRefused: boolean) {
		this.readyState = isRefused ? CLOSED : 0;
		this.call(this.onerror, new Event("error"));
	}

	private call<E extends Event>(
		listener: ((this: EventSource, event: E) => unknown) | null,
		event: E,
	) {
		listener?.call(this as unknown as EventSource, event);
	}
}

/** Runs all pending microtasks. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));
