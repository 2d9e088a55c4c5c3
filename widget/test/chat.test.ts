import assert from "node:assert/strict";
import { test } from "node:test";
import { createChat, MAX_MESSAGE } from "../src/app/chat/chat";
import type { History } from "../src/app/chat/history";
import { openOutbox, type Sending } from "../src/app/chat/outbox";
import { initialState, isReplying, type Reply, type State, setOpen } from "../src/app/chat/state";
import { createStore } from "../src/app/chat/store";
import { ChatFailure } from "../src/app/net/failure";
import { fakeStorage } from "./fake-storage";
import {
	bot,
	done,
	error,
	hastyNetwork,
	type Step,
	scriptedClient,
	start,
	stored,
	token,
	user,
} from "./fakes";
import "./webcrypto";

const REPLY: Step[] = [start("m"), token("Hel"), token("lo "), done("Hello")];
/** From a server without message ids: nothing is retried automatically. */
const OLD_REPLY: Step[] = [start(null), token("Hel"), token("lo "), done("Hello")];
const UNREACHABLE = new ChatFailure("unreachable");
/** The page after one message and REPLY. */
const SHOWN = ["assistant: Welcome", "user: Hi", "assistant: Hello"];

const HI = user("1", "Hi");
const BROKEN = [HI, bot("m", "He", "interrupted")];

interface Setting {
	/** The server's responses to requests for the history, in order. */
	readonly histories?: (History | null | Error)[];
	/** A message that was sent before a reload. */
	readonly sending?: Sending;
	readonly exists?: boolean;
}

function chatWith(answers: (readonly Step[])[], setting: Setting = {}) {
	const { histories = [], sending, exists = true } = setting;
	const store = createStore(initialState("Welcome", true));
	const history: State[] = [];
	store.subscribe((state) => history.push(state));
	const { client, calls } = scriptedClient(answers, [...histories]);
	const outbox = openOutbox(fakeStorage(), "here");
	if (sending) outbox.put(sending);
	let announced = 0;
	const session = { exists: () => exists, announce: () => announced++ };
	const { network } = hastyNetwork();
	const chat = createChat({ store, client, network, outbox, session });
	/** Waits until nothing more happens. */
	const settled = async () => {
		for (let i = 0; i < 50 || isReplying(store.get()); i++) await new Promise(setImmediate);
		return store.get();
	};
	return { chat, store, history, calls, network, outbox, settled, announced: () => announced };
}

const texts = (state: State) => state.messages.map(({ role, text }) => `${role}: ${text}`);

function last({ messages }: State): Reply {
	const message = messages[messages.length - 1];
	assert.ok(message?.role === "assistant");
	return message;
}

/** The ids that a message was asked with. */
const idsOf = (calls: string[]) =>
	calls.filter((call) => call.startsWith("ask")).map((call) => call.split(" ").pop());

test("a reply grows token by token and ends as the server stored it", async () => {
	const { chat, history, settled, outbox, announced } = chatWith([REPLY]);
	assert.equal(chat.send("  Hi  "), true);
	const state = await settled();
	assert.deepEqual(
		history.map((then) => `${last(then).phase}: ${last(then).text}`),
		["waiting: ", "waiting: ", "streaming: Hel", "streaming: Hello ", "done: Hello"],
	);
	assert.deepEqual(texts(state), SHOWN);
	assert.equal(outbox.get(), null);
	assert.equal(announced(), 2, "the beginning and the end are announced to other tabs");
});

test("a done without a text keeps what was streamed", async () => {
	const { chat, settled } = chatWith([[token("Hi"), done("")]]);
	chat.send("Hi");
	assert.equal(last(await settled()).text, "Hi");
});

test("nothing is sent while a reply runs", async () => {
	const { chat, calls, settled } = chatWith([REPLY, REPLY]);
	assert.equal(chat.send("one"), true);
	assert.equal(chat.send("two"), false);
	await settled();
	assert.equal(calls.length, 1);
});

test("empty and too long messages are not sent, one of the greatest length is", () => {
	const { chat, calls } = chatWith([REPLY]);
	assert.equal(chat.send(" \n\t"), false);
	assert.equal(chat.send("a".repeat(MAX_MESSAGE + 1)), false);
	// Each of these is two UTF-16 code units, which is how the API counts.
	assert.equal(chat.send("🌿".repeat(MAX_MESSAGE / 2 + 1)), false);
	assert.equal(chat.send(` ${"🌿".repeat(MAX_MESSAGE / 2)} `), true);
	assert.equal(calls[0]?.split(" ")[1]?.length, MAX_MESSAGE);
});

test("each message has an id of its own", async () => {
	const { chat, calls, settled } = chatWith([REPLY, [start("n"), done("Hello")]]);
	chat.send("Hi");
	await settled();
	chat.send("Hi");
	const state = await settled();
	assert.equal(new Set(idsOf(calls)).size, 2);
	assert.equal(state.messages.length, 5);
});

test("a failure keeps the text so far, and a retry asks the same question by the same id", async () => {
	const { chat, calls, settled, outbox } = chatWith([
		[start("m"), token("Half"), error("model_failed")],
		REPLY,
	]);
	chat.send("Hi");
	const failed = last(await settled());
	assert.deepEqual([failed.phase, failed.text, failed.failure], ["failed", "Half", "broken"]);
	assert.equal(outbox.get()?.failure, "broken");
	chat.retry();
	const state = await settled();
	assert.equal(calls.length, 2);
	assert.equal(calls[0], calls[1]);
	assert.deepEqual(texts(state), SHOWN);
	assert.equal(last(state).failure, null);
	assert.equal(outbox.get(), null);
});

for (const kind of ["conflict", "deleted"] as const) {
	test(`after "${kind}" a retry is another message in the same place`, async () => {
		const { chat, calls, settled } = chatWith([[new ChatFailure(kind)], REPLY]);
		chat.send("Hi");
		await settled();
		chat.retry();
		const state = await settled();
		assert.equal(new Set(idsOf(calls)).size, 2);
		assert.deepEqual(texts(state), SHOWN);
	});
}

test("a failure of the client is shown as its kind", async () => {
	const { chat, settled } = chatWith([[new ChatFailure("too_many")], [new TypeError("a bug")]]);
	chat.send("one");
	assert.equal(last(await settled()).failure, "too_many");
	chat.send("two");
	assert.equal(last(await settled()).failure, "broken");
});

test("a retry does nothing before the first message and after a complete reply", async () => {
	const { chat, calls, settled } = chatWith([REPLY, REPLY]);
	chat.retry();
	chat.send("Hi");
	await settled();
	chat.retry();
	await settled();
	assert.equal(calls.length, 1);
});

test("a reply that ends while the panel is closed is unread until it opens", async () => {
	const { chat, store, settled } = chatWith([REPLY]);
	chat.send("Hi");
	store.update((state) => setOpen(state, false));
	assert.equal((await settled()).unread, 1);
	store.update((state) => setOpen(state, true));
	assert.equal(store.get().unread, 0);
});

test("a retry during the pause of an automatic one ends the pause", async () => {
	const { chat, network, settled } = chatWith([[start("m"), token("Hel")], REPLY]);
	let wakes = 0;
	network.wake = () => wakes++;
	chat.send("Hi");
	chat.retry();
	assert.equal(wakes, 1);
	assert.deepEqual(texts(await settled()).slice(1), ["user: Hi", "assistant: Hello"]);
});

// Stopping

test("a reply is stopped by its id, and ends as the server says", async () => {
	const { chat, calls, store, settled } = chatWith([
		[start("m"), token("Hel"), "hang"],
		[start("m", 3), done("Hel", "stopped")],
	]);
	chat.send("Hi");
	while (last(store.get()).phase !== "streaming") await new Promise(setImmediate);
	chat.stop();
	chat.stop();
	assert.equal(store.get().stopping, true);
	const state = await settled();
	assert.deepEqual(calls.slice(1), ["stop m"]);
	assert.deepEqual(
		[last(state).phase, last(state).text, state.stopping],
		["stopped", "Hel", false],
	);
});

test("before its id is known, the running reply is stopped if it answers our question", async () => {
	const { chat, calls, settled, outbox } = chatWith([["hang"]], {
		histories: [stored([HI], "m")],
	});
	chat.send("Hi");
	chat.stop();
	const state = await settled();
	assert.deepEqual(calls.slice(1), ["history", "stop m"]);
	assert.equal(last(state).phase, "stopped");
	assert.equal(outbox.get(), null);
});

test("but not if it answers another question", async () => {
	const { chat, calls, settled } = chatWith([["hang"]], {
		histories: [stored([user("1", "Something else")], "m")],
	});
	chat.send("Hi");
	chat.stop();
	await settled();
	assert.deepEqual(calls.slice(1), ["history"]);
});

test("a stream without message ids is stopped by closing it", async () => {
	const { chat, calls, store, settled } = chatWith([[start(null), token("Hel"), "hang"]]);
	chat.send("Hi");
	while (last(store.get()).phase !== "streaming") await new Promise(setImmediate);
	chat.stop();
	const state = await settled();
	assert.deepEqual([last(state).phase, last(state).text], ["stopped", "Hel"]);
	assert.equal(calls.length, 1);
});

test("a stop does nothing without a running reply", () => {
	const { chat, store } = chatWith([]);
	chat.stop();
	assert.equal(store.get().stopping, false);
});

// After a reload

const SENT: Sending = { clientMessageId: "c", text: "Hi", messageId: null, failure: null };

test("without a session no request is sent", async () => {
	const { chat, calls, settled } = chatWith([], { exists: false });
	chat.sync();
	await settled();
	assert.deepEqual(calls, []);
});

test("a running reply of another tab is received from its beginning, and not announced", async () => {
	const { chat, calls, settled, announced } = chatWith([REPLY], { histories: [stored([HI], "m")] });
	chat.sync();
	assert.deepEqual(texts(await settled()), SHOWN);
	assert.deepEqual(calls, ["history", "resume m 0"]);
	assert.equal(announced(), 0);
});

const ENDED = [HI, bot("m", "Hello")];

test("a history is shown, and its replies are not unread", async () => {
	const { chat, settled } = chatWith([], { histories: [stored(ENDED)] });
	chat.sync();
	const state = await settled();
	assert.deepEqual(texts(state), SHOWN);
	assert.equal(state.unread, 0);
});

const KNOWN: readonly [name: string, history: History, calls: string[]][] = [
	["that is running is resumed by its id", stored([HI], "m"), ["history", "resume m 0"]],
	["that has ended is not requested again", stored(ENDED), ["history"]],
];
for (const [name, history, expected] of KNOWN) {
	test(`our own reply ${name}`, async () => {
		const sending = { ...SENT, messageId: "m" };
		const { chat, calls, settled, outbox } = chatWith([REPLY], { sending, histories: [history] });
		chat.sync();
		assert.deepEqual(texts(await settled()), SHOWN);
		assert.deepEqual(calls, expected);
		assert.equal(outbox.get(), null);
	});
}

const KEPT: readonly [name: string, history: History][] = [
	["a message that never arrived", stored([])],
	["one whose reply is running", stored([HI], "m")],
	["one whose reply has ended", stored(ENDED)],
	["one whose reply broke off", stored(BROKEN)],
];
for (const [name, before] of KEPT) {
	test(`${name} is sent again with its id, and shown once`, async () => {
		const { chat, calls, settled, history } = chatWith([REPLY], {
			sending: SENT,
			histories: [before, stored(ENDED)],
		});
		chat.sync();
		assert.deepEqual(texts(await settled()), SHOWN);
		assert.deepEqual(calls, ["history", "ask Hi c", "history"]);
		for (const then of history) {
			assert.ok(then.messages.filter(({ role }) => role === "user").length <= 1);
		}
	});
}

test("another message with the same text is told apart in the end", async () => {
	const before = [HI, bot("l", "First")];
	const { chat, settled } = chatWith([REPLY], {
		sending: SENT,
		histories: [stored(before), stored([...before, user("3", "Hi"), bot("m", "Hello")])],
	});
	chat.sync();
	const first = ["assistant: Welcome", "user: Hi", "assistant: First"];
	assert.deepEqual(texts(await settled()), [...first, "user: Hi", "assistant: Hello"]);
});

test("without a network the message is shown as paused", async () => {
	const { chat, settled, history } = chatWith([REPLY], {
		sending: SENT,
		histories: [UNREACHABLE, UNREACHABLE, stored([])],
	});
	chat.sync();
	const state = await settled();
	assert.deepEqual(history[0] && [texts(history[0])[1], last(history[0]).phase], [
		"user: Hi",
		"paused",
	]);
	assert.equal(last(state).text, "Hello");
});

test("a history that is denied leaves the message to be sent again", async () => {
	const { chat, settled, outbox } = chatWith([REPLY], {
		sending: SENT,
		histories: [new ChatFailure("denied")],
	});
	chat.sync();
	const state = await settled();
	assert.deepEqual([texts(state)[1], last(state).failure], ["user: Hi", "denied"]);
	assert.equal(outbox.get()?.failure, "denied");
});

test("a message that was given up is sent again when the visitor comes back", async () => {
	const { chat, calls, settled, outbox } = chatWith([[UNREACHABLE], REPLY], {
		histories: [...Array(20).fill(UNREACHABLE), stored([])],
	});
	chat.send("Hi");
	assert.equal(last(await settled()).failure, "unreachable");
	assert.equal(outbox.get()?.failure, null);
	chat.sync();
	assert.deepEqual(texts(await settled()).slice(1, 3), ["user: Hi", "assistant: Hello"]);
	assert.equal(new Set(idsOf(calls)).size, 1);
});

test("but not on a server without a history", async () => {
	const { chat, calls, settled } = chatWith([[UNREACHABLE], REPLY], {
		histories: [...Array(20).fill(UNREACHABLE), null],
	});
	chat.send("Hi");
	await settled();
	chat.sync();
	const state = await settled();
	assert.deepEqual([texts(state)[1], last(state).failure], ["user: Hi", "unreachable"]);
	chat.sync();
	await settled();
	assert.equal(idsOf(calls).length, 1);
});

test("a server without a history gets no message twice", async () => {
	const { chat, calls, settled, outbox } = chatWith([OLD_REPLY], {
		sending: SENT,
		histories: [UNREACHABLE, null],
	});
	chat.sync();
	const state = await settled();
	assert.deepEqual(calls, ["history", "history"]);
	assert.deepEqual(texts(state), ["assistant: Welcome"]);
	assert.equal(outbox.get(), null);
});

test("a message that had failed is sent again only by the visitor", async () => {
	const { chat, calls, settled } = chatWith([REPLY], {
		sending: { ...SENT, messageId: "m", failure: "broken" },
		histories: [stored(BROKEN)],
	});
	chat.sync();
	const state = await settled();
	assert.deepEqual(calls, ["history"]);
	assert.deepEqual(texts(state), ["assistant: Welcome", "user: Hi", "assistant: He"]);
	assert.equal(last(state).failure, "broken");
	chat.retry();
	assert.deepEqual(texts(await settled()), SHOWN);
	assert.deepEqual(calls, ["history", "ask Hi c"]);
});

test("an old reply that broke off is asked for by a new message", async () => {
	const { chat, calls, settled } = chatWith([REPLY], { histories: [stored(BROKEN)] });
	chat.sync();
	assert.equal(last(await settled()).failure, "interrupted");
	chat.retry();
	assert.deepEqual(texts(await settled()).slice(-2), ["user: Hi", "assistant: Hello"]);
	assert.notEqual(idsOf(calls)[0], "c");
});

test("messages of another tab during a reply are fetched afterwards", async () => {
	const histories = [stored([...ENDED, user("3", "And?"), bot("4", "Yes")])];
	const { chat, calls, settled } = chatWith([REPLY], { histories });
	chat.send("Hi");
	chat.sync();
	assert.deepEqual(texts(await settled()).slice(-2), ["user: And?", "assistant: Yes"]);
	assert.equal(calls.at(-1), "history");
});

test("a message that is sent while the history is loading stays", async () => {
	const { chat, settled } = chatWith([REPLY], { histories: [stored([HI, bot("2", "Hello")])] });
	chat.sync();
	assert.equal(chat.send("And?"), true);
	assert.deepEqual(texts(await settled()), [...SHOWN, "user: And?", "assistant: Hello"]);
});
