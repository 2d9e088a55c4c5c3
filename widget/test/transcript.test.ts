import assert from "node:assert/strict";
import { test } from "node:test";
import type { History } from "../src/app/chat/history";
import {
	ask,
	finish,
	initialState,
	newReply,
	replyKey,
	type State,
	start,
} from "../src/app/chat/state";
import { adopt, type Mine } from "../src/app/chat/transcript";
import { bot, stored, user } from "./fakes";

const FRESH = initialState("Welcome", true);

function mine(text: string, id: string | null): Mine {
	const question = { role: "user", key: "c", text, at: null, isQueued: false } as const;
	return { question, reply: newReply(replyKey("c"), id) };
}

/** Each message as "key text", a reply with its phase. */
const shown = ({ messages }: State) =>
	messages
		.slice(1)
		.map((one) => `${one.key} ${one.text}${one.role === "user" ? "" : ` (${one.phase})`}`);

test("the history follows the welcome, which is the same object", () => {
	const messages = [
		user("1", "Hi"),
		bot("2", "Hello"),
		user("3", "And"),
		bot("4", "th", "stopped"),
	];
	const state = adopt(FRESH, stored(messages), null);
	assert.equal(state.messages[0], FRESH.messages[0]);
	assert.deepEqual(shown(state), ["1 Hi", "2 Hello (done)", "3 And", "4 th (stopped)"]);
});

const HI = user("1", "Hi");
const HELLO = bot("2", "Hello");
const BROKEN = bot("2", "He", "failed");
const TWO = [user("1", "One"), user("3", "Two"), bot("4", "2!")];

const ACTIVE: readonly [name: string, history: History, shown: string[]][] = [
	["a running reply follows its question", stored([HI], "2"), ["1 Hi", "2  (waiting)"]],
	[
		"a running reply follows its question, also if that is not the newest",
		stored(TWO, "2"),
		["1 One", "2  (waiting)", "3 Two", "4 2! (done)"],
	],
	[
		"a restarted reply replaces what broke off",
		stored([HI, BROKEN], "2"),
		["1 Hi", "2  (waiting)"],
	],
	[
		"a running reply whose question is not in the history comes last",
		stored([], "2"),
		["2  (waiting)"],
	],
	[
		"a last question without a reply can be asked again",
		stored([HI]),
		["1 Hi", "1/reply  (failed)"],
	],
];
for (const [name, history, expected] of ACTIVE) {
	test(name, () => assert.deepEqual(shown(adopt(FRESH, history, null)), expected));
}

const WAITING = ["c Hi", "c/reply  (waiting)"];
const PLACES: readonly [name: string, history: History, mine: Mine, shown: string[]][] = [
	[
		"our message that never arrived comes last",
		stored([HI, HELLO]),
		mine("And?", null),
		["1 Hi", "2 Hello (done)", "c And?", "c/reply  (waiting)"],
	],
	["ours is shown once, by its reply's id", stored([HI, BROKEN]), mine("Hi", "2"), WAITING],
	["also while its reply runs", stored([HI], "2"), mine("Hi", "2"), WAITING],
	[
		"also if another one came after it",
		stored(TWO, "2"),
		mine("One", "2"),
		["c One", "c/reply  (waiting)", "3 Two", "4 2! (done)"],
	],
	["also if its question is not in the history", stored([BROKEN]), mine("Hi", "2"), WAITING],
	["by its text while the id is unknown", stored([HI], "2"), mine("Hi", null), WAITING],
	[
		"another text is another message",
		stored([HI], "2"),
		mine("And?", null),
		["1 Hi", "2  (waiting)", "c And?"],
	],
	[
		"our reply that has ended meanwhile is shown",
		stored([HI, HELLO]),
		mine("Hi", "2"),
		["c Hi", "c/reply Hello (done)"],
	],
];
for (const [name, history, own, expected] of PLACES) {
	test(name, () => assert.deepEqual(shown(adopt(FRESH, history, own)), expected));
}

test("an equal question that was answered is another one", () => {
	const both = ["1 Hi", "2 Hello (done)", "c Hi", "c/reply  (waiting)"];
	assert.deepEqual(shown(adopt(FRESH, stored([HI, HELLO]), mine("Hi", null))), both);
});

/** A page on which "Hi" was asked and answered by "1!". */
const started = start(
	ask(FRESH, { role: "user", key: "b", text: "Hi", at: null, isQueued: false }),
	replyKey("b"),
	"2",
	0,
);
const ANSWERED = finish(started, replyKey("b"), "1!", "done");
const HISTORY = [HI, bot("2", "1!")];

test("a message of files alone is not taken for an earlier one of other files", () => {
	const files = (id: string) => ({ files: [{ id }] });
	const asked = (key: string, id: string) => ({ ...user(key, ""), answer: files(id) });
	const { question, reply } = mine("", null);
	const own = { question: { ...question, answer: files("b") }, reply };
	const keys = (...history: ReturnType<typeof asked>[]) =>
		adopt(FRESH, stored(history), own).messages.map(({ key }) => key);
	assert.deepEqual(keys(asked("1", "a")), ["welcome", "1", "1/reply", "c", "c/reply"]);
	assert.deepEqual(keys(asked("1", "b")), ["welcome", "c", "c/reply"]);
});

test("a repeated text is not taken for the earlier message", () => {
	const state = adopt(
		ask(ANSWERED, { role: "user", key: "c", text: "Hi", at: null, isQueued: false }),
		stored(HISTORY),
		mine("Hi", null),
	);
	assert.deepEqual(shown(state), ["b Hi", "b/reply 1! (done)", "c Hi", "c/reply  (waiting)"]);
});

test("an unchanged message is the same object, whatever its key", () => {
	assert.deepEqual(adopt(ANSWERED, stored(HISTORY), null).messages, ANSWERED.messages);
	const longer = stored([...HISTORY, user("3", "And?"), bot("4", "2!")]);
	const state = adopt(ANSWERED, longer, null);
	for (const i of [0, 1, 2]) assert.equal(state.messages[i], ANSWERED.messages[i]);
	const later = adopt(state, longer, null);
	for (const [i, message] of later.messages.entries()) assert.equal(message, state.messages[i]);
});

test("a reply that proves to be one on the page takes its place", () => {
	const state = adopt(FRESH, stored([HI, HELLO]), mine("And?", null));
	const found = start(state, replyKey("c"), "2", 0);
	assert.deepEqual(shown(found), ["c And?", "c/reply  (waiting)"]);
});

const CLOSED = initialState("Welcome", false);
/** A reply that ran when the page has last heard of it. */
const RUNNING = start(
	ask(adopt(CLOSED, stored([HI, HELLO]), null), {
		role: "user",
		key: "3",
		text: "And?",
		at: null,
		isQueued: false,
	}),
	replyKey("3"),
	"4",
	0,
);
const AND = user("3", "And?");
const LATER = [HI, HELLO, AND, bot("4", "Yes.")];

const ENDED: readonly [name: string, state: State, history: History, ended: number][] = [
	["nothing of the history that a page begins with", CLOSED, stored(LATER), 0],
	["a reply that ran", RUNNING, stored(LATER), 1],
	["not one that runs on", RUNNING, stored([HI, HELLO, AND], "4"), 0],
	["one that was interrupted", RUNNING, stored([HI, HELLO, AND, bot("4", "Y", "failed")]), 1],
	["those that came after it, too", RUNNING, stored([...LATER, bot("5", "And more.")]), 2],
	["nothing twice", adopt(RUNNING, stored(LATER), null), stored(LATER), 1],
	["nothing of another conversation", RUNNING, stored([user("8", "New"), bot("9", "Hi")]), 0],
];

for (const [name, state, history, ended] of ENDED)
	test(`counts what has ended while nobody listened: ${name}`, () => {
		const next = adopt(state, history, null);
		assert.deepEqual([next.ended, next.unread], [ended, ended]);
		assert.equal(adopt({ ...state, open: true }, history, null).unread, 0);
	});

test("the reply to the message that is sent again is counted when it has come", () => {
	const state = ask(CLOSED, { role: "user", key: "c", text: "Hi", at: null, isQueued: false });
	const history = stored([user("1", "Hi"), bot("2", "Hello")]);
	assert.equal(adopt(state, history, mine("Hi", "2")).unread, 0);
});
