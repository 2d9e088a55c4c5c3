import assert from "node:assert/strict";
import { test } from "node:test";
import { byDay } from "../src/days";
import { identicon } from "../src/identicon";
import type { Message } from "../src/model";
import { replyMark } from "../src/reply-mark";

const message = (id: string, time: string): Message => ({
	id,
	fromVisitor: true,
	content: "",
	createdAt: new Date(time).getTime(),
	status: "",
});

test("messages are cut into days where the calendar turns, in their order", () => {
	const days = byDay([
		message("a", "2025-06-16T10:00:00"),
		message("b", "2025-06-16T23:59:59"),
		message("c", "2025-06-17T00:00:00"),
	]);
	assert.deepEqual(
		days.map((day) => day.messages.map((m) => m.id)),
		[["a", "b"], ["c"]],
	);
	assert.deepEqual(byDay([]), []);
});

test("the same name always gives the same figure, and neighbours differ", () => {
	assert.deepEqual(identicon("visitor-1"), identicon("visitor-1"));
	const names = Array.from({ length: 200 }, (_, i) => `session-${i}`);
	const figures = new Set(names.map((name) => JSON.stringify(identicon(name))));
	assert.ok(figures.size >= 198, `${figures.size} figures for 200 names`);
	const tones = new Set(names.map((name) => identicon(name).tone));
	assert.deepEqual([...tones].sort(), [0, 1, 2, 3, 4, 5]);
});

test("a figure is symmetric", () => {
	const cells = [...identicon("visitor-1").path.matchAll(/M(\d) (\d)/g)];
	const has = new Set(cells.map(([, x, y]) => `${x} ${y}`));
	assert.ok(cells.length > 0);
	for (const [, x, y] of cells) assert.ok(has.has(`${4 - Number(x)} ${y}`), `${x} ${y}`);
});

test("only a reply that did not end well is marked", () => {
	for (const status of ["", "complete", "something new"]) assert.equal(replyMark(status), null);
	assert.equal(replyMark("stopped")?.tone, "calm");
	assert.equal(replyMark("interrupted")?.tone, "warn");
	assert.equal(replyMark("error")?.tone, "bad");
});
