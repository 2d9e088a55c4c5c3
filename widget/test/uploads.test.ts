import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { createUploads, Refused } from "../src/files/uploads";
import { type Clock, stopClock } from "./clock";

const AGAIN_MS = 120_000;
const TICKET = { id: "f", token: "t" };

let clock: Clock;
let page: EventTarget;
let life: AbortController;
let asked: number;
beforeEach(() => {
	clock = stopClock();
	page = new EventTarget();
	life = new AbortController();
	asked = 0;
	Object.assign(globalThis, {
		addEventListener: page.addEventListener.bind(page),
		removeEventListener: page.removeEventListener.bind(page),
		XMLHttpRequest: Busy,
	});
});
afterEach(() => {
	life.abort();
	clock.restore();
});

/** Every request is refused for a while. */
class Busy {
	readonly upload = {};
	readonly status = 503;
	readonly responseText = "";
	onloadend = () => {};
	open() {}
	setRequestHeader() {}
	abort() {}
	getResponseHeader = (name: string) => (name === "Retry-After" ? `${AGAIN_MS / 1000}` : null);
	send() {
		asked++;
		queueMicrotask(() => this.onloadend());
	}
}

async function until(isSo: () => boolean): Promise<void> {
	while (!isSo()) await new Promise(setImmediate);
}

function send(begin: () => Promise<typeof TICKET>) {
	const uploads = createUploads({
		limits: { perMessage: 5, maxBytes: 1000 },
		server: "",
		scope: "test",
		signal: life.signal,
		begin,
		changed() {},
	});
	uploads.add([Object.assign(new Blob(["text"]), { name: "a.txt" }) as File]);
	return () => uploads.get()[0];
}

for (const [what, begin] of [
	[
		"an announcement",
		async () => {
			asked++;
			throw new Refused(429, "rate_limited", [], AGAIN_MS);
		},
	],
	["a piece", async () => TICKET],
] as const)
	test(`${what} that is refused for a while is repeated after that, also when the network comes back`, async () => {
		const file = send(begin);
		const waits = () => file()?.phase === "waiting" && asked > 0;
		await until(waits);
		assert.equal(asked, 1);
		clock.tick(AGAIN_MS - 1);
		page.dispatchEvent(new Event("online"));
		assert.notEqual(file()?.phase, "sending");
		for (let i = 0; i < 20; i++) await new Promise(setImmediate);
		assert.equal(asked, 1);
		clock.tick(1);
		await until(() => asked === 2);
	});
