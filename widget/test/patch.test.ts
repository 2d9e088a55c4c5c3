import assert from "node:assert/strict";
import { test } from "node:test";
import { apply, diff } from "../src/app/chat/patch";
import {
	addToken,
	ask,
	finish,
	initialState,
	replyKey,
	type State,
	setOpen,
} from "../src/app/chat/state";

const FRESH = initialState("Welcome", false);
const ASKED = ask(FRESH, { role: "user", key: "q", text: "Hi", at: null, isQueued: false });
const grown = (state: State, text: string) => addToken(state, replyKey("q"), text);
const LONG = grown(ASKED, "x".repeat(100_000));

/** What another tab has of these states in sequence. */
function mirrored(...states: State[]): State {
	return states.slice(1).reduce((own, state, i) => {
		const patch = diff(states[i] as State, state);
		return patch ? apply(own, structuredClone(patch)) : own;
	}, states[0] as State);
}

test("another tab has the same messages, and counts what it has not read", () => {
	const done = finish(grown(ASKED, "Hello"), replyKey("q"), "Hello!", "done", "r");
	const other = mirrored(FRESH, ASKED, grown(ASKED, "Hel"), grown(ASKED, "Hello"), done);
	assert.deepEqual(other, done);
	assert.equal(other.unread, 1);
	const open = apply(setOpen(ASKED, true), diff(ASKED, done) ?? assert.fail());
	assert.deepEqual([open.open, open.unread], [true, 0]);
});

test("a text that grows is sent as what was added", () => {
	assert.ok(JSON.stringify(diff(LONG, grown(LONG, "y"))).length < 1000);
	assert.deepEqual(mirrored(LONG, grown(LONG, "y")), grown(LONG, "y"));
});

test("opening the chat is of no interest to other tabs", () => {
	assert.equal(diff(FRESH, setOpen(FRESH, true)), null);
});

test("messages that have not changed stay the same objects", () => {
	const { messages } = apply(ASKED, {
		fields: {},
		changes: [],
		all: structuredClone(ASKED.messages),
	});
	for (const [i, message] of messages.entries()) assert.equal(message, ASKED.messages[i]);
});
