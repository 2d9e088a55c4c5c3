import assert from "node:assert/strict";
import { test } from "node:test";
import type { LiveEvent, Message } from "../../workerd/api/openapi/openapi";
import { type Span, spanOf, withEvent, withNewer, withNewest, withOlder } from "../src/thread/span";

const message = (id: string, content = id, role: Message["role"] = "user"): Message => ({
	_id: id,
	_creationTime: 1,
	role,
	content,
	createdAt: Number(id.slice(1)),
	status: "complete",
});
const page = (ids: readonly string[], more: object = {}) => ({
	messages: ids.map((id) => message(id)),
	previousCursor: null,
	nextCursor: null,
	active: null,
	...more,
});
const span = (ids: readonly string[], more: object = {}): Span => spanOf(page(ids, more), 99);
const ids = (one: Span) => one.items.map(({ id }) => id);
const said = (id: string): LiveEvent => ({
	type: "message",
	id,
	role: "user",
	content: id,
	createdAt: Number(id.slice(1)),
	status: "complete",
});
const heard = (begin: Span, events: readonly LiveEvent[]) =>
	events.reduce((one, event) => withEvent(one, event, 99), begin);

test("pages join at both ends, each message once", () => {
	const middle = span(["m3", "m4"], { previousCursor: "p", nextCursor: "n" });
	const older = withOlder(middle, page(["m1", "m2", "m3"]));
	const all = withNewer(older, page(["m4", "m5"]), 99);
	assert.deepEqual(ids(all), ["m1", "m2", "m3", "m4", "m5"]);
	assert.deepEqual([all.previous, all.next], [null, null]);
});

test("messages that arrive behind a gap wait until the gap is loaded", () => {
	const middle = span(["m1"], { nextCursor: "n" });
	const later = heard(middle, [said("m5"), said("m6")]);
	assert.deepEqual(ids(later), ["m1"]);
	const closer = withNewer(later, page(["m2"], { nextCursor: "n2" }), 99);
	assert.deepEqual(ids(closer), ["m1", "m2"]);
	assert.deepEqual(ids(withNewer(closer, page(["m3", "m4", "m5"]), 99)), [
		"m1",
		"m2",
		"m3",
		"m4",
		"m5",
		"m6",
	]);
});

test("a message keeps its receipt until it is written again", () => {
	const receipt = { state: "failed", at: 1, reason: "blocked" } as const;
	const begin = spanOf({ ...page([]), messages: [{ ...message("m1"), receipt }] }, 99);
	const again = heard(begin, [{ ...said("m1"), role: "assistant" } as LiveEvent]);
	assert.deepEqual(again.items[0]?.receipt, receipt);
	const started = heard(again, [{ type: "start", messageId: "m1", position: 0 } as LiveEvent]);
	assert.equal(started.items[0]?.receipt, undefined);
});

test("a reply grows with its tokens and ends with its whole text", () => {
	const events: LiveEvent[] = [
		said("m1"),
		{ type: "start", messageId: "m2", position: 0 },
		{ type: "token", messageId: "m2", token: "Hel" },
		{ type: "token", messageId: "m2", token: "lo" },
	];
	const running = heard(span([]), events);
	assert.deepEqual(
		running.items.map(({ text, status }) => [text, status]),
		[
			["m1", "complete"],
			["Hello", "running"],
		],
	);
	const again = heard(running, [
		{ type: "start", messageId: "m2", position: 3 },
		{ type: "token", messageId: "m2", token: "p!" },
	]);
	assert.equal(again.items[1]?.text, "Help!");
	const done = heard(again, [
		{ type: "done", messageId: "m2", message: "Help!", status: "stopped" },
	]);
	assert.deepEqual([done.items[1]?.text, done.items[1]?.status], ["Help!", "stopped"]);
});

test("tokens of an unknown reply are ignored: its beginning is missing", () => {
	const begin = span(["m1"]);
	assert.equal(withEvent(begin, { type: "token", messageId: "x", token: "a" }, 99), begin);
	assert.equal(withEvent(begin, { type: "typing", role: "user" }, 99), begin);
});

test("a reply that runs when the page is read is there, and keeps its text when it is read again", () => {
	const begin = span(["m1"], { active: "m2" });
	assert.deepEqual(ids(begin), ["m1", "m2"]);
	const grown = heard(begin, [{ type: "token", messageId: "m2", token: "Hi" }]);
	const read = withNewest(grown, page(["m1"], { active: "m2" }), 99);
	assert.equal(read.items[1]?.text, "Hi");
});

test("what was missed is joined; older pages stay", () => {
	const begin = withOlder(span(["m3", "m4"], { previousCursor: "p" }), page(["m1", "m2"]));
	const read = withNewest(begin, page(["m3", "m4", "m5"], { previousCursor: "p" }), 99);
	assert.deepEqual(ids(read), ["m1", "m2", "m3", "m4", "m5"]);
	assert.equal(read.previous, null);
});

test("a message that was erased meanwhile disappears", () => {
	assert.deepEqual(ids(withNewest(span(["m1", "m2", "m3"]), page(["m1", "m3"]), 99)), ["m1", "m3"]);
});

test("after too many missed messages the span begins again, without a gap", () => {
	const read = withNewest(span(["m1"]), page(["m80", "m81"], { previousCursor: "p" }), 99);
	assert.deepEqual([ids(read), read.previous], [["m80", "m81"], "p"]);
});
