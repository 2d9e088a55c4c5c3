import assert from "node:assert/strict";
import { test } from "node:test";
import type { LivePresence } from "../../workerd/api/openapi/openapi";
import { createPresence, type Doing } from "../src/thread/presence";

function setUp() {
	let now = 0;
	let timers: Array<{ at: number; run: () => void }> = [];
	const told: Doing[] = [];
	const presence = createPresence({
		around: {
			isVisible: () => true,
			onChange: () => () => {},
			after(ms, run) {
				const timer = { at: now + ms, run };
				timers.push(timer);
				return () => {
					timers = timers.filter((one) => one !== timer);
				};
			},
		},
		tell: (doing) => told.push(doing),
		changed: () => {},
	});
	return {
		presence,
		told,
		pass(ms: number) {
			const end = now + ms;
			for (;;) {
				const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
				if (!next) break;
				timers = timers.filter((one) => one !== next);
				now = next.at;
				next.run();
			}
			now = end;
		},
	};
}

const event = (id: string, doing: Doing): LivePresence => ({
	type: "presence",
	operator: { id, name: id },
	doing,
});
const names = ({ presence }: ReturnType<typeof setUp>) =>
	presence.get().map(({ name, isWriting }) => (isWriting ? `${name} writes` : name));

test("the page tells that it is open, regularly, and that it was left", () => {
	const one = setUp();
	const close = one.presence.open();
	one.pass(45_000);
	close();
	assert.deepEqual(one.told, ["viewing", "viewing", "viewing", "left"]);
	one.pass(60_000);
	assert.equal(one.told.length, 4);
});

test("writing is told once, and ends with a pause", () => {
	const one = setUp();
	one.presence.open();
	one.presence.write();
	one.pass(3_000);
	one.presence.write();
	assert.deepEqual(one.told, ["viewing", "writing"]);
	one.pass(5_000);
	assert.deepEqual(one.told, ["viewing", "writing", "viewing"]);
});

test("others are shown until they leave or say nothing any more; oneself never", () => {
	const one = setUp();
	one.presence.open();
	one.presence.hear(event("me", "viewing"), "me");
	one.presence.hear(event("Jane", "viewing"), "me");
	one.presence.hear(event("Joe", "writing"), "me");
	assert.deepEqual(names(one), ["Jane", "Joe writes"]);
	one.presence.hear(event("Jane", "left"), "me");
	assert.deepEqual(names(one), ["Joe writes"]);
	one.pass(31_000);
	assert.deepEqual(names(one), []);
});

test("a newcomer hears at once who is here", () => {
	const one = setUp();
	one.presence.open();
	one.presence.hear(event("Jane", "viewing"), "me");
	one.presence.hear(event("Jane", "viewing"), "me");
	assert.deepEqual(one.told, ["viewing", "viewing"]);
});
