import assert from "node:assert/strict";
import { test } from "node:test";
import { createChat, MAX_MESSAGE } from "../src/chat/chat";
import type { History, StoredMessage } from "../src/chat/history";
import { openOutbox, type Sending } from "../src/chat/outbox";
import { initialState, isReplying, type Reply, type State, setOpen } from "../src/chat/state";
import { createStore } from "../src/chat/store";
import { ChatFailure } from "../src/net/failure";
import { fakeStorage } from "./fake-storage";
import { done, error, hastyNetwork, type Step, scriptedClient, start, token } from "./fakes";
import "./webcrypto";

const REPLY: Step[] = [start("m"), token("Hel"), token("lo "), done("Hello")];
/** From a server that knows no ids: nothing is tried again by itself. */
const OLD_REPLY: Step[] = [start(null), token("Hel"), token("lo "), done("Hello")];
const UNREACHABLE = new ChatFailure("unreachable");

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

interface Setting {
	/** What the server has, one for each time it is asked. */
	readonly histories?: (History | null | Error)[];
	/** What is left from before a reload. */
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
	let said = 0;
	const session = { exists: () => exists, announce: () => said++ };
	const { network } = hastyNetwork();
	const chat = createChat({ store, client, network, outbox, session });
	/** Until nothing is left to happen. */
	const settled = async () => {
		for (let i = 0; i < 50 || isReplying(store.get()); i++) await new Promise(setImmediate);
		return store.get();
	};
	return { chat, store, history, calls, network, outbox, settled, said: () => said };
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
	const { chat, history, settled, outbox, said } = chatWith([REPLY]);
	assert.equal(chat.send("  Hi  "), true);
	const state = await settled();
	assert.deepEqual(
		history.map((then) => `${last(then).phase}: ${last(then).text}`),
		["waiting: ", "waiting: ", "streaming: Hel", "streaming: Hello ", "done: Hello"],
	);
	assert.deepEqual(texts(state), ["assistant: Welcome", "user: Hi", "assistant: Hello"]);
	assert.equal(outbox.get(), null);
	assert.equal(said(), 2, "other tabs hear that it began, and that it ended");
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
	assert.deepEqual(texts(state), ["assistant: Welcome", "user: Hi", "assistant: Hello"]);
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
		assert.deepEqual(texts(state), ["assistant: Welcome", "user: Hi", "assistant: Hello"]);
	});
}

test("what the client throws is shown as its kind", async () => {
	const { chat, settled } = chatWith([[new ChatFailure("too_many")], [new TypeError("a bug")]]);
	chat.send("one");
	assert.equal(last(await settled()).failure, "too_many");
	chat.send("two");
	assert.equal(last(await settled()).failure, "broken");
});

test("there is nothing to retry after a reply that came", async () => {
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
	assert.equal((await settled()).unread, true);
	store.update((state) => setOpen(state, true));
	assert.equal(store.get().unread, false);
});

test("a retry while it is tried again anyway ends the wait", async () => {
	const { chat, network, settled } = chatWith([[start("m"), token("Hel")], REPLY]);
	let wakes = 0;
	network.wake = () => wakes++;
	chat.send("Hi");
	chat.retry();
	assert.equal(wakes, 1);
	assert.deepEqual(texts(await settled()).slice(1), ["user: Hi", "assistant: Hello"]);
});

// -- stopping -------------------------------------------------------------------------------

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

test("before its id is known it is the one that is being written, if that answers our question", async () => {
	const { chat, calls, settled, outbox } = chatWith([["hang"]], {
		histories: [{ messages: [user("1", "Hi")], active: "m" }],
	});
	chat.send("Hi");
	chat.stop();
	const state = await settled();
	assert.deepEqual(calls.slice(1), ["history", "stop m"]);
	assert.equal(last(state).phase, "stopped");
	assert.equal(outbox.get(), null);
});

test("the answer to another question goes on", async () => {
	const { chat, calls, settled } = chatWith([["hang"]], {
		histories: [{ messages: [user("1", "Something else")], active: "m" }],
	});
	chat.send("Hi");
	chat.stop();
	await settled();
	assert.deepEqual(calls.slice(1), ["history"]);
});

test("a server without ids is not asked to stop: nobody listens any longer", async () => {
	const { chat, calls, store, settled } = chatWith([[start(null), token("Hel"), "hang"]]);
	chat.send("Hi");
	while (last(store.get()).phase !== "streaming") await new Promise(setImmediate);
	chat.stop();
	const state = await settled();
	assert.deepEqual([last(state).phase, last(state).text], ["stopped", "Hel"]);
	assert.equal(calls.length, 1);
});

test("with nothing to stop, nothing is", () => {
	const { chat, store } = chatWith([]);
	chat.stop();
	assert.equal(store.get().stopping, false);
});

// -- after a reload -------------------------------------------------------------------------

const SENT: Sending = { clientMessageId: "c", text: "Hi", messageId: null, failure: null };

test("without a session the server is asked for nothing", async () => {
	const { chat, calls, settled } = chatWith([], { exists: false });
	chat.sync();
	await settled();
	assert.deepEqual(calls, []);
});

test("what was said is shown, and no reply is news", async () => {
	const { chat, settled } = chatWith([], {
		histories: [{ messages: [user("1", "Hi"), bot("2", "Hello")], active: null }],
	});
	chat.sync();
	const state = await settled();
	assert.deepEqual(texts(state), ["assistant: Welcome", "user: Hi", "assistant: Hello"]);
	assert.equal(state.unread, false);
});

test("a reply that is being written is listened to from its beginning", async () => {
	const { chat, calls, settled, said } = chatWith([REPLY], {
		histories: [{ messages: [user("1", "Hi")], active: "m" }],
	});
	chat.sync();
	const state = await settled();
	assert.deepEqual(calls, ["history", "resume m 0"]);
	assert.deepEqual(texts(state), ["assistant: Welcome", "user: Hi", "assistant: Hello"]);
	assert.equal(said(), 0, "it is not ours to announce");
});

test("our own is gone on with by its id", async () => {
	const { chat, calls, settled, outbox } = chatWith([REPLY], {
		sending: { ...SENT, messageId: "m" },
		histories: [{ messages: [user("1", "Hi")], active: "m" }],
	});
	chat.sync();
	const state = await settled();
	assert.deepEqual(calls, ["history", "resume m 0"]);
	assert.deepEqual(texts(state), ["assistant: Welcome", "user: Hi", "assistant: Hello"]);
	assert.equal(outbox.get(), null);
});

test("our own that has ended is there, and asked for no more", async () => {
	const { chat, calls, settled, outbox } = chatWith([], {
		sending: { ...SENT, messageId: "m" },
		histories: [{ messages: [user("1", "Hi"), bot("m", "Hello")], active: null }],
	});
	chat.sync();
	const state = await settled();
	assert.deepEqual(calls, ["history"]);
	assert.deepEqual(texts(state), ["assistant: Welcome", "user: Hi", "assistant: Hello"]);
	assert.equal(outbox.get(), null);
});

const KEPT: readonly [name: string, stored: StoredMessage[], active: string | null][] = [
	["a message that never arrived", [], null],
	["one whose reply is being written", [user("1", "Hi")], "m"],
	["one whose reply is there already", [user("1", "Hi"), bot("m", "Hello")], null],
	["one whose reply broke off", [user("1", "Hi"), bot("m", "He", "interrupted")], null],
];

for (const [name, stored, active] of KEPT) {
	test(`${name} is sent again with its id, and shown once`, async () => {
		const after = { messages: [user("1", "Hi"), bot("m", "Hello")], active: null };
		const { chat, calls, settled, history } = chatWith([REPLY], {
			sending: SENT,
			histories: [{ messages: stored, active }, after],
		});
		chat.sync();
		const state = await settled();
		assert.deepEqual(calls, ["history", "ask Hi c", "history"]);
		assert.deepEqual(texts(state), ["assistant: Welcome", "user: Hi", "assistant: Hello"]);
		for (const then of history) {
			assert.ok(then.messages.filter(({ role }) => role === "user").length <= 1);
		}
	});
}

test("the same words that were another message are told apart in the end", async () => {
	const before = [user("1", "Hi"), bot("l", "First")];
	const { chat, settled } = chatWith([REPLY], {
		sending: SENT,
		histories: [
			{ messages: before, active: null },
			{ messages: [...before, user("3", "Hi"), bot("m", "Hello")], active: null },
		],
	});
	chat.sync();
	assert.deepEqual(texts(await settled()), [
		"assistant: Welcome",
		"user: Hi",
		"assistant: First",
		"user: Hi",
		"assistant: Hello",
	]);
});

test("without a network the message is there, and waits", async () => {
	const { chat, settled, history } = chatWith([REPLY], {
		sending: SENT,
		histories: [UNREACHABLE, UNREACHABLE, { messages: [], active: null }],
	});
	chat.sync();
	const state = await settled();
	assert.deepEqual(history[0] && [texts(history[0])[1], last(history[0]).phase], [
		"user: Hi",
		"paused",
	]);
	assert.equal(last(state).text, "Hello");
});

test("a history that fails for good leaves the message to be sent again", async () => {
	const { chat, settled, outbox } = chatWith([REPLY], {
		sending: SENT,
		histories: [new ChatFailure("denied")],
	});
	chat.sync();
	const state = await settled();
	assert.deepEqual([texts(state)[1], last(state).failure], ["user: Hi", "denied"]);
	assert.equal(outbox.get()?.failure, "denied");
});

test("what was given up is taken up when the visitor comes back", async () => {
	const { chat, calls, settled, outbox } = chatWith([Array(1).fill(UNREACHABLE), REPLY], {
		histories: [...Array(20).fill(UNREACHABLE), { messages: [], active: null }],
	});
	chat.send("Hi");
	assert.equal(last(await settled()).failure, "unreachable");
	assert.equal(outbox.get()?.failure, null);
	chat.sync();
	assert.deepEqual(texts(await settled()).slice(1, 3), ["user: Hi", "assistant: Hello"]);
	assert.equal(new Set(idsOf(calls)).size, 1);
});

test("it stays given up on a server without a history", async () => {
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

test("a server without a history gets nothing twice", async () => {
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

test("what had failed waits for the visitor", async () => {
	const stored = { messages: [user("1", "Hi"), bot("m", "He", "interrupted")], active: null };
	const { chat, calls, settled } = chatWith([REPLY], {
		sending: { ...SENT, messageId: "m", failure: "broken" },
		histories: [stored],
	});
	chat.sync();
	const state = await settled();
	assert.deepEqual(calls, ["history"]);
	assert.deepEqual(texts(state), ["assistant: Welcome", "user: Hi", "assistant: He"]);
	assert.equal(last(state).failure, "broken");
	chat.retry();
	assert.deepEqual(texts(await settled()), ["assistant: Welcome", "user: Hi", "assistant: Hello"]);
	assert.deepEqual(calls, ["history", "ask Hi c"]);
});

test("a reply of long ago that broke off is asked for by a new message", async () => {
	const stored = { messages: [user("1", "Hi"), bot("l", "He", "interrupted")], active: null };
	const { chat, calls, settled } = chatWith([REPLY], { histories: [stored] });
	chat.sync();
	assert.equal(last(await settled()).failure, "interrupted");
	chat.retry();
	assert.deepEqual(texts(await settled()).slice(-2), ["user: Hi", "assistant: Hello"]);
	assert.notEqual(idsOf(calls)[0], "c");
});

test("what another tab says while a reply runs is looked up afterwards", async () => {
	const stored = [user("1", "Hi"), bot("m", "Hello"), user("3", "And?"), bot("4", "Yes")];
	const { chat, calls, settled } = chatWith([REPLY], {
		histories: [{ messages: stored, active: null }],
	});
	chat.send("Hi");
	chat.sync();
	assert.deepEqual(texts(await settled()).slice(-2), ["user: And?", "assistant: Yes"]);
	assert.equal(calls.at(-1), "history");
});

test("a message that is sent while the history is on its way stays", async () => {
	const { chat, settled } = chatWith([REPLY], {
		histories: [{ messages: [user("1", "Hi"), bot("2", "Hello")], active: null }],
	});
	chat.sync();
	assert.equal(chat.send("And?"), true);
	assert.deepEqual(texts(await settled()), [
		"assistant: Welcome",
		"user: Hi",
		"assistant: Hello",
		"user: And?",
		"assistant: Hello",
	]);
});
