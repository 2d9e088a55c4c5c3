import assert from "node:assert/strict";
import { test } from "node:test";
import { createChat, MAX_MESSAGE, type Transport } from "../src/chat";
import type { ChatEvent } from "../src/events";
import { ChatFailure } from "../src/failure";
import { initialState, isReplying, lastReply, type State, setOpen } from "../src/state";
import { createStore } from "../src/store";

const REPLY: ChatEvent[] = [
	{ type: "start" },
	{ type: "token", token: "Hel" },
	{ type: "token", token: "lo " },
	{ type: "done", message: "Hello" },
];

/** A chat whose replies end as `outcomes` say, one for each question. */
function chatWith(...outcomes: (ChatEvent[] | Error)[]) {
	const store = createStore(initialState("Welcome", true));
	const history: State[] = [];
	const asked: string[] = [];
	store.subscribe((state) => history.push(state));
	const transport: Transport = async function* (message) {
		asked.push(message);
		const outcome = outcomes.shift();
		if (outcome instanceof Error) throw outcome;
		yield* outcome ?? [];
	};
	const settled = async () => {
		while (isReplying(store.get())) await new Promise(setImmediate);
		return store.get();
	};
	return { chat: createChat(store, transport), store, history, asked, settled };
}

const texts = (state: State) => state.messages.map(({ role, text }) => `${role}: ${text}`);

test("a reply grows token by token and ends as the server stored it", async () => {
	const { chat, history, settled } = chatWith(REPLY);
	assert.equal(chat.send("  Hi  "), true);
	const state = await settled();
	assert.deepEqual(
		history.map((then) => `${lastReply(then).phase}: ${lastReply(then).text}`),
		["waiting: ", "streaming: Hel", "streaming: Hello ", "done: Hello"],
	);
	assert.deepEqual(texts(state), ["assistant: Welcome", "user: Hi", "assistant: Hello"]);
});

test("a done without a text keeps what was streamed", async () => {
	const { chat, settled } = chatWith([
		{ type: "token", token: "Hi" },
		{ type: "done", message: "" },
	]);
	chat.send("Hi");
	assert.equal(lastReply(await settled()).text, "Hi");
});

test("nothing is sent while a reply runs", async () => {
	const { chat, asked, settled } = chatWith(REPLY, REPLY);
	assert.equal(chat.send("one"), true);
	assert.equal(chat.send("two"), false);
	chat.retry();
	await settled();
	assert.deepEqual(asked, ["one"]);
});

test("empty and too long messages are not sent, one of the greatest length is", () => {
	const { chat, asked } = chatWith(REPLY);
	assert.equal(chat.send(" \n\t"), false);
	assert.equal(chat.send("a".repeat(MAX_MESSAGE + 1)), false);
	// Each of these is two UTF-16 code units, which is how the API counts.
	assert.equal(chat.send("🌿".repeat(MAX_MESSAGE / 2 + 1)), false);
	assert.equal(chat.send(` ${"🌿".repeat(MAX_MESSAGE / 2)} `), true);
	assert.equal(asked[0]?.length, MAX_MESSAGE);
});

test("a failure keeps the text so far, and a retry asks the same question again", async () => {
	const broken: ChatEvent[] = [{ type: "token", token: "Half" }, { type: "error" }];
	const { chat, asked, settled } = chatWith(broken, REPLY);
	chat.send("Hi");
	const failed = lastReply(await settled());
	assert.deepEqual([failed.phase, failed.text, failed.failure], ["failed", "Half", "broken"]);
	chat.retry();
	const state = await settled();
	assert.deepEqual(asked, ["Hi", "Hi"]);
	assert.deepEqual(texts(state), ["assistant: Welcome", "user: Hi", "assistant: Hello"]);
	assert.equal(lastReply(state).failure, null);
});

test("what the transport throws is shown as its kind", async () => {
	const { chat, settled } = chatWith(new ChatFailure("too_many"), new TypeError("a bug"));
	chat.send("one");
	assert.equal(lastReply(await settled()).failure, "too_many");
	chat.send("two");
	assert.equal(lastReply(await settled()).failure, "broken");
});

test("there is nothing to retry after a reply that came", async () => {
	const { chat, asked, settled } = chatWith(REPLY, REPLY);
	chat.retry();
	chat.send("Hi");
	await settled();
	chat.retry();
	assert.deepEqual(asked, ["Hi"]);
});

test("a reply that ends while the panel is closed is unread until it opens", async () => {
	const { chat, store, settled } = chatWith(REPLY);
	chat.send("Hi");
	store.update((state) => setOpen(state, false));
	assert.equal((await settled()).unread, true);
	store.update((state) => setOpen(state, true));
	assert.equal(store.get().unread, false);
});
