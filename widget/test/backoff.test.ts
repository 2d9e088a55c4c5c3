import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { backoff, createNetwork } from "../src/app/net/backoff";
import { type Clock, stopClock } from "./clock";

const page = Object.assign(new EventTarget(), { hidden: false });
const browser = new EventTarget();
const line = { onLine: true };
for (const [name, value] of Object.entries({
	document: page,
	navigator: line,
	addEventListener: browser.addEventListener.bind(browser),
})) {
	Object.defineProperty(globalThis, name, { value, configurable: true });
}

let clock: Clock;
beforeEach(() => {
	clock = stopClock();
});
afterEach(() => {
	clock.restore();
	page.hidden = false;
	line.onLine = true;
});

function hide(hidden: boolean): void {
	page.hidden = hidden;
	page.dispatchEvent(new Event("visibilitychange"));
}

/** A pause, and whether it is over. */
function pause(network: ReturnType<typeof createNetwork>, floorMs: number, ms: number) {
	const state = { over: false };
	void network.pause(floorMs, ms).then(() => {
		state.over = true;
	});
	const after = async (elapsed: number) => {
		clock.tick(elapsed);
		await Promise.resolve();
		await Promise.resolve();
		return state.over;
	};
	return { after };
}

test("the longest wait doubles with each failure up to 30 s, and the shortest is 0", () => {
	const longest = [0, 1, 2, 3, 6, 7, 50].map((failures) => backoff(failures, () => 1));
	assert.deepEqual(longest, [500, 1000, 2000, 4000, 30_000, 30_000, 30_000]);
	assert.equal(
		backoff(3, () => 0),
		0,
	);
});

test("offline is what the browser reports", () => {
	assert.equal(createNetwork(new AbortController().signal).isOffline(), false);
	line.onLine = false;
	assert.equal(createNetwork(new AbortController().signal).isOffline(), true);
});

test("a pause lasts as long as requested", async () => {
	const { after } = pause(createNetwork(new AbortController().signal), 1000, 500);
	assert.equal(await after(1000), false);
	assert.equal(await after(499), false);
	assert.equal(await after(1), true);
});

const WAKES: readonly [what: string, wake: (network: ReturnType<typeof createNetwork>) => void][] =
	[
		["the return of the network", () => browser.dispatchEvent(new Event("online"))],
		["the return of the visitor", () => hide(false)],
		["a request of the visitor", (network) => network.wake()],
	];

for (const [what, wake] of WAKES) {
	test(`${what} cuts a pause short, but not below its floor`, async () => {
		const network = createNetwork(new AbortController().signal);
		const { after } = pause(network, 1000, 20_000);
		wake(network);
		assert.equal(await after(1000), false);
		wake(network);
		assert.equal(await after(0), true);
	});
}

for (const [what, leave] of [
	["hidden", () => hide(true)],
	["offline", () => Object.assign(line, { onLine: false })],
] as const) {
	test(`while the page is ${what} a pause is 30 s longer`, async () => {
		const { after } = pause(createNetwork(new AbortController().signal), 0, 500);
		leave();
		assert.equal(await after(0), false);
		assert.equal(await after(500), false);
		assert.equal(await after(29_999), false);
		assert.equal(await after(1), true);
	});
}

test("an abort ends a pause at once", async () => {
	const life = new AbortController();
	const { after } = pause(createNetwork(life.signal), 1000, 1000);
	life.abort();
	assert.equal(await after(0), true);
});

test("the network has changed when it is back, or when the page was hidden for long", () => {
	const network = createNetwork(new AbortController().signal);
	let doubts = 0;
	const forget = network.onChange(() => doubts++);
	browser.dispatchEvent(new Event("online"));
	assert.equal(doubts, 1);
	hide(true);
	clock.tick(29_000);
	hide(false);
	assert.equal(doubts, 1);
	hide(true);
	clock.tick(31_000);
	hide(false);
	assert.equal(doubts, 2);
	forget();
	browser.dispatchEvent(new Event("online"));
	assert.equal(doubts, 2);
});

test("a page that is left ends its connections, so that the back/forward cache can keep it", () => {
	const network = createNetwork(new AbortController().signal);
	let ends = 0;
	network.onChange(() => ends++);
	browser.dispatchEvent(new Event("pagehide"));
	assert.equal(ends, 1);
});
