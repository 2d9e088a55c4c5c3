import assert from "node:assert/strict";
import { test } from "node:test";
import type { History, StoredMessage } from "../src/chat/history";
import {
	ask,
	finish,
	initialState,
	newReply,
	replyKey,
	type State,
	start,
} from "../src/chat/state";
import { adopt, type Mine } from "../src/chat/transcript";

const user = (id: string, content: string): StoredMessage => ({
	id,
	role: "user",
	content,
	status: "complete",
});
const bot = (
	id: string,
	content: string,
	status: StoredMessage["status"] = "complete",
): StoredMessage => ({ id, role: "assistant", content, status });
const history = (messages: StoredMessage[], active: string | null = null): History => ({
	messages,
	active,
});

const FRESH = initialState("Welcome", true);

function mine(text: string, id: string | null): Mine {
	const question = { role: "user", key: "c", text } as const;
	return { question, reply: newReply(replyKey("c"), id) };
}

/** Each message as "key text", a reply with its phase. */
const shown = ({ messages }: State) =>
	messages
		.slice(1)
		.map((one) => `${one.key} ${one.text}${one.role === "user" ? "" : ` (${one.phase})`}`);

test("the history comes behind the welcome", () => {
	const stored = [user("1", "Hi"), bot("2", "Hello"), user("3", "And"), bot("4", "th", "stopped")];
	const state = adopt(FRESH, history(stored), null);
	assert.equal(state.messages[0], FRESH.messages[0]);
	assert.deepEqual(shown(state), ["1 Hi", "2 Hello (done)", "3 And", "4 th (stopped)"]);
});

test("the reply that is being written comes behind its question", () => {
	const state = adopt(FRESH, history([user("1", "Hi")], "2"), null);
	assert.deepEqual(shown(state), ["1 Hi", "2  (waiting)"]);
});

test("also behind one that is not the newest", () => {
	const stored = [user("1", "One"), user("3", "Two"), bot("4", "2!")];
	const state = adopt(FRESH, history(stored, "2"), null);
	assert.deepEqual(shown(state), ["1 One", "2  (waiting)", "3 Two", "4 2! (done)"]);
});

test("one that is begun anew takes the place of what broke off", () => {
	const state = adopt(FRESH, history([user("1", "Hi"), bot("2", "He", "interrupted")], "2"), null);
	assert.deepEqual(shown(state), ["1 Hi", "2  (waiting)"]);
});

test("one whose question is further back comes last", () => {
	const state = adopt(FRESH, history([], "2"), null);
	assert.deepEqual(shown(state), ["2  (waiting)"]);
});

test("a last question that nobody answers can be asked again", () => {
	const state = adopt(FRESH, history([user("1", "Hi")]), null);
	assert.deepEqual(shown(state), ["1 Hi", "1/reply  (failed)"]);
});

const PLACES: readonly [name: string, stored: History, mine: Mine, shown: string[]][] = [
	[
		"a message that never arrived comes last",
		history([user("1", "Hi"), bot("2", "Hello")]),
		mine("And?", null),
		["1 Hi", "2 Hello (done)", "c And?", "c/reply  (waiting)"],
	],
	[
		"one that has arrived is there once, by its reply's id",
		history([user("1", "Hi"), bot("2", "He", "interrupted")]),
		mine("Hi", "2"),
		["c Hi", "c/reply  (waiting)"],
	],
	[
		"also when its reply is being written",
		history([user("1", "Hi")], "2"),
		mine("Hi", "2"),
		["c Hi", "c/reply  (waiting)"],
	],
	[
		"also when another one came after it",
		history([user("1", "One"), user("3", "Two"), bot("4", "2!")], "2"),
		mine("One", "2"),
		["c One", "c/reply  (waiting)", "3 Two", "4 2! (done)"],
	],
	[
		"also when its question is further back",
		history([bot("2", "He", "interrupted")]),
		mine("Hi", "2"),
		["c Hi", "c/reply  (waiting)"],
	],
	[
		"by its text while the id is not known",
		history([user("1", "Hi")], "2"),
		mine("Hi", null),
		["c Hi", "c/reply  (waiting)"],
	],
	[
		"another text is another message",
		history([user("1", "Hi")], "2"),
		mine("And?", null),
		["1 Hi", "2  (waiting)", "c And?", "c/reply  (waiting)"],
	],
	[
		"a reply that has ended meanwhile is there",
		history([user("1", "Hi"), bot("2", "Hello")]),
		mine("Hi", "2"),
		["c Hi", "c/reply Hello (done)"],
	],
];

for (const [name, stored, own, expected] of PLACES) {
	test(name, () => assert.deepEqual(shown(adopt(FRESH, stored, own)), expected));
}

test("without guesses an equal question that was answered is another one", () => {
	const stored = history([user("1", "Hi"), bot("2", "Hello")]);
	const both = ["1 Hi", "2 Hello (done)", "c Hi", "c/reply  (waiting)"];
	assert.deepEqual(shown(adopt(FRESH, stored, mine("Hi", null), false)), both);
	assert.deepEqual(shown(adopt(FRESH, stored, mine("Hi", null))), both.slice(2));
});

test("the same words again are not taken for the ones before", () => {
	const first = finish(
		start(ask(FRESH, "b", "Hi"), replyKey("b"), "2", 0),
		replyKey("b"),
		"1!",
		"done",
	);
	const second = ask(first, "c", "Hi");
	const state = adopt(second, history([user("1", "Hi"), bot("2", "1!")]), mine("Hi", null));
	assert.deepEqual(shown(state), ["b Hi", "b/reply 1! (done)", "c Hi", "c/reply  (waiting)"]);
});

test("what has not changed is the same object, whatever it is called", () => {
	const own = finish(
		start(ask(FRESH, "b", "Hi"), replyKey("b"), "2", 0),
		replyKey("b"),
		"1!",
		"done",
	);
	const stored = [user("1", "Hi"), bot("2", "1!")];
	assert.deepEqual(adopt(own, history(stored), null).messages, own.messages);
	const state = adopt(own, history([...stored, user("3", "And?"), bot("4", "2!")]), null);
	state.messages.slice(0, 3).forEach((message, i) => {
		assert.equal(message, own.messages[i]);
	});
	const later = adopt(state, history([...stored, user("3", "And?"), bot("4", "2!")]), null);
	later.messages.forEach((message, i) => {
		assert.equal(message, state.messages[i]);
	});
});

test("a reply that turns out to be one on the page takes its place", () => {
	const state = adopt(FRESH, history([user("1", "Hi"), bot("2", "Hello")]), mine("And?", null));
	const found = start(state, replyKey("c"), "2", 0);
	assert.deepEqual(shown(found), ["c And?", "c/reply  (waiting)"]);
});
