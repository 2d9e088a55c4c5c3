import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { createEngine } from "../src/app/chat/engine";
import { openQueue } from "../src/app/chat/queue";
import { randomId } from "../src/app/chat/session";
import { initialState, type State } from "../src/app/chat/state";
import { createStore } from "../src/app/chat/store";
import { openTokens } from "../src/app/chat/tokens";
import { ChatFailure } from "../src/app/net/failure";
import { openSocket } from "../src/app/net/socket";
import type { ContactWish } from "../src/app/settings";
import { createWords } from "../src/app/words";
import english from "../src/locales/en.json";
import { type Clock, stopClock } from "./clock";
import { fakeStorage } from "./fake-storage";
import { hastyNetwork } from "./fakes";
import { fakeSockets, settle } from "./sockets";
import "./webcrypto";

let clock: Clock;
beforeEach(() => {
	clock = stopClock();
});
afterEach(() => clock.restore());

const HERE = "https://chat.example/api/widget/wid_a/config";

const WORDS = createWords({
	language: { code: "en", texts: Object.values(english) },
	record: {},
});

interface Options {
	readonly signal?: AbortSignal;
	/** The token that the browser has kept. */
	readonly token?: string;
	/** The text of a message with the id c1 that was sent before a reload. */
	readonly sending?: string;
	readonly wish?: ContactWish;
	readonly exists?: () => Promise<boolean>;
	readonly open?: () => never;
}

/** A conversation whose server is the test. */
function visit({ token, sending, wish, exists, open, signal }: Options = {}) {
	const kept = fakeStorage(token ? { "banter.token.wid_a": token } : {});
	const queue = openQueue(fakeStorage(), HERE);
	const tokens = openTokens(kept, "wid_a");
	if (sending) queue.put({ clientMessageId: "c1", text: sending, failure: null });
	const store = createStore<State>(initialState("Welcome", true), signal);
	const { made, last, open: openFake } = fakeSockets();
	const { network, listeners, change } = hastyNetwork();
	let shy = false;
	const engine = createEngine({
		store,
		network,
		queue,
		tokens,
		words: WORDS,
		wish: wish ?? null,
		shyness: {
			get: () => shy,
			put() {
				shy = true;
			},
		},
		...(signal && { signal }),
		carriers: [(events) => openSocket((open ?? openFake)(`ws:${tokens.get() ?? ""}`), events)],
		memory: { get: () => 0, put: () => undefined },
		exists: exists ?? (async () => true),
	});
	const talk = {
		...engine,
		send: (text: string) => engine.send({ clientMessageId: randomId(), text, failure: null }),
	};
	const outbox = { get: () => queue.get()[0] ?? null };
	/** The server sends these frames. */
	const hear = (...frames: object[]) => {
		for (const frame of frames) last().say(frame);
	};
	return {
		talk,
		store,
		outbox,
		tokens,
		made,
		last,
		hear,
		network: { listeners, change },
		contact: () => store.get().contact,
		token: () => kept.getItem("banter.token.wid_a"),
		/** The page connects, and the server answers with a session and these frames. */
		connect(...frames: object[]) {
			talk.sync();
			hear(session("t1"), ...frames);
		},
		/** The visitor sends this as the first message, and a session begins; returns the message's id. */
		begin(text: string): string {
			talk.send(text);
			hear(session("t1"));
			return idOf(last().sent[0]);
		},
		/** The connection is lost. */
		async lose(code?: number) {
			last().drop(code);
			await settle();
		},
		/** Asserts what the page shows, except the greeting. */
		shows(...lines: string[]) {
			const messages = store.get().messages.slice(1);
			const shown = messages.map((one) => `${one.role === "user" ? ">" : one.phase} ${one.text}`);
			assert.deepEqual(shown, lines);
		},
		/** The id of the n-th frame that was sent on the present connection. */
		sentId: (n: number) => idOf(last().sent[n]),
	};
}

const idOf = (frame: object | undefined) => String((frame as { id?: string } | undefined)?.id);

// What a server sends.

const session = (token: string, submitted = false) => ({
	type: "session",
	session_token: token,
	contact_info_submitted: submitted,
});
const START = { type: "typing_start" };
const STOP = { type: "typing_stop" };
const token = (text: string) => ({ type: "token", token: text });
const error = (code: string, id?: string) => ({ type: "error", message: `No: ${code}`, code, id });
const question = (content: string, id = "q") => ({ type: "message", id, role: "user", content });
const reply = (content: string, more: object = {}) => ({
	type: "message",
	id: "r",
	role: "assistant",
	content,
	...more,
});
/** A whole reply. */
const answer = (content: string, id = "r") => [START, reply(content, { id }), STOP];
const history = (messages: object[], active?: string | null) => ({
	type: "history",
	messages,
	active,
});

const ONE = question("One", "q1");
/** The reply to ONE. */
const ANSWER_ONE = [START, token("1"), reply("1!", { id: "r1" }), STOP];

test("a message is sent when the session begins, and its reply streams in", () => {
	const { talk, last, hear, shows, token: kept, outbox, sentId } = visit();
	talk.send("Hi");
	assert.equal(last().address, "ws:");
	assert.deepEqual(last().sent, []);
	hear(session("t1"));
	assert.equal(kept(), "t1");
	assert.deepEqual(last().sent, [{ type: "message", content: "Hi", id: sentId(0) }]);
	hear(START);
	shows("> Hi", "waiting ");
	hear(token("Hel"), token("lo"));
	shows("> Hi", "streaming Hello");
	hear(reply("Hello."), STOP);
	shows("> Hi", "done Hello.");
	assert.equal(outbox.get(), null);
});

// Tokens and histories

test("a known token restores the history, and a new connection leaves its objects as they are", async () => {
	const { last, connect, hear, lose, shows, store, made } = visit({ token: "t1" });
	const messages = history([question("Hi"), reply("Hello")]);
	connect(messages);
	assert.equal(last().address, "ws:t1");
	shows("> Hi", "done Hello");
	const before = store.get().messages;
	await lose();
	assert.equal(made.length, 2);
	hear(session("t1"), messages);
	assert.equal(store.get().messages[2], before[2]);
});

test("an expired token is replaced, and the history is empty", () => {
	const { talk, hear, shows, token: kept } = visit({ token: "t1" });
	talk.sync();
	hear(session("t2"));
	assert.equal(kept(), "t2");
	shows();
});

test("a token that becomes invalid is dropped, and the unanswered message is sent again", async () => {
	const { begin, hear, lose, last, token: kept, sentId } = visit();
	const id = begin("Hi");
	await lose(4404);
	assert.equal(kept(), null);
	assert.equal(last().address, "ws:");
	hear(session("t2"));
	assert.equal(sentId(0), id);
});

test("a token that becomes invalid leaves the newer one of another tab", async () => {
	const { connect, lose, last, tokens, token: kept } = visit({ token: "t1" });
	connect();
	tokens.put("t2");
	await lose(4404);
	assert.equal(kept(), "t2");
	assert.equal(last().address, "ws:t2");
});

test("a message of a shifted history is known by its id, not by its place", () => {
	const { connect, hear, store } = visit({ token: "t1" });
	const said = (id: string) => reply(`text of ${id}`, { id });
	connect(history(["a", "b", "c"].map(said)));
	const before = store.get().messages;
	hear(history(["b", "c", "d"].map(said)));
	const after = store.get().messages;
	assert.deepEqual(
		after.slice(1).map(({ key, text }) => `${key}: ${text}`),
		["a: text of a", "b: text of b", "c: text of c", "d: text of d"],
	);
	assert.equal(after[2], before[2]);
});

test("a running reply is received from its beginning after a reload", () => {
	const { connect, shows } = visit({ token: "t1" });
	connect(history([question("Hi")]), START, token("Hello"));
	shows("> Hi", "streaming Hello");
});

test("messages wait for the reply that runs, and are sent in order", async () => {
	const { talk, connect, hear, lose, shows, last, sentId, store } = visit();
	connect(question("From there"), START, token("So"));
	talk.send("One");
	talk.send("Two");
	shows("> From there", "streaming So", "> One", "> Two");
	assert.deepEqual(last().sent, []);
	hear(reply("So be it"), STOP);
	shows("> From there", "done So be it", "> One", "waiting ", "> Two");
	const id = sentId(0);
	await lose();
	hear(session("t1"), history([question("From there"), reply("So be it")]));
	assert.equal(sentId(0), id);
	hear(...answer("1!", "r1"), ...answer("2!", "r2"));
	assert.equal(last().sent.length, 2);
	shows("> From there", "done So be it", "> One", "done 1!", "> Two", "done 2!");
	assert.ok(store.get().messages.every((one) => one.role !== "user" || !one.isQueued));
});

test("after a message that failed, the others wait until the visitor decides, or writes another one", () => {
	const { talk, begin, hear, shows, last, sentId } = visit();
	begin("One");
	talk.send("Two");
	hear(error("daily_cap"));
	shows("> One", "failed ", "> Two");
	assert.equal(last().sent.length, 1);
	talk.send("Three");
	shows("> One", "waiting ", "> Two", "> Three");
	assert.deepEqual(sentId(1), sentId(0));
	hear(...answer("First", "r1"), ...answer("Second", "r2"), ...answer("Third", "r3"));
	shows("> One", "done First", "> Two", "done Second", "> Three", "done Third");
});

test("a message that the server refuses for good does not hold up the others", () => {
	const { talk, begin, hear, shows, last } = visit();
	begin("One");
	hear(error("invalid_message"));
	talk.send("Two");
	shows("> One", "failed ", "> Two", "waiting ");
	assert.equal(last().sent.length, 2);
});

test("a message that comes too soon goes out again by itself, with the same id, and the others after it", async () => {
	const { talk, begin, hear, shows, sentId, store, last } = visit();
	const id = begin("One");
	talk.send("Two");
	hear({ ...error("rate_limited", id), retryAfterMs: 4000 });
	shows("> One", "paused ", "> Two");
	const [, first] = store.get().messages;
	assert.ok(first?.role === "user" && first.isQueued);
	talk.send("Three");
	await settle();
	assert.equal(sentId(1), id);
	hear(...answer("First", "r1"), ...answer("Second", "r2"));
	shows("> One", "done First", "> Two", "done Second", "> Three", "waiting ");
	assert.equal(last().sent.length, 4);
});

test("a message whose reply runs is not sent again after a reload, so that the next ones keep their own", () => {
	const { talk, connect, hear, last, shows } = visit({ token: "t1" });
	talk.send("One");
	talk.send("Two");
	connect(history([ONE], "r1"));
	assert.deepEqual(last().sent, []);
	hear(...ANSWER_ONE);
	assert.match(JSON.stringify(last().sent), /"content":"Two"/);
	hear(...answer("Second", "r2"));
	shows("> One", "done 1!", "> Two", "done Second");
	assert.equal(last().sent.length, 1);
});

test("without a WebSocket the visitor's own message comes back", () => {
	const { begin, hear, shows, store } = visit();
	begin("Hi");
	hear({ ...question("Hi", "q"), createdAt: 5 }, ...answer("Hello"), question("Hi", "q2"), START);
	shows("> Hi", "done Hello", "> Hi", "waiting ");
	assert.equal(store.get().messages[1]?.at, 5);
});

test("older messages are put in front, down to the beginning", () => {
	const { talk, connect, hear, shows, last, store } = visit({ token: "t1" });
	connect({ ...history([ONE]), active: "r1", more: true });
	assert.equal(store.get().older, "some");
	talk.loadOlder();
	talk.loadOlder();
	assert.deepEqual(last().sent, [{ type: "history", before: "q1" }]);
	assert.equal(store.get().older, "loading");
	hear({
		...history([question("Zero", "q0"), reply("0!", { id: "r0" })]),
		before: "q1",
		more: false,
	});
	assert.equal(store.get().older, "none");
	shows("> Zero", "done 0!", "> One", "waiting ");
});

test("people: who is there, who types and what they write; no reply is awaited from the model", async () => {
	const { begin, hear, shows, store, outbox } = visit();
	const people = () => store.get().people;
	begin("Hi");
	const ann = { name: "Ann", picture: "https://a.example/ann.png" };
	hear({ type: "handover", state: "person", operator: ann.name, picture: ann.picture });
	assert.deepEqual(people(), { phase: "person", person: ann, isTyping: false });
	shows("> Hi");
	assert.equal(outbox.get(), null);
	hear({ type: "operator", state: "typing" });
	assert.equal(people().isTyping, true);
	const said = { ...reply("I am Ann", { id: "o1" }), role: "operator", author: ann };
	hear(START, said, STOP, said);
	shows("> Hi", "done I am Ann");
	assert.equal(people().isTyping, false);
	hear({ type: "operator", state: "typing" });
	clock.tick(6000);
	assert.equal(people().isTyping, false);
	hear({ type: "operator", state: "left" });
	assert.equal(people().phase, "model");
});

test("a rating and typing are told, the latter not too often", () => {
	const { talk, connect, last, store } = visit({ token: "t1" });
	connect(history([question("Hi"), reply("Hello")]));
	clock.tick(3000);
	for (const _ of "123") talk.type();
	talk.rate("r", "down", "Wrong");
	talk.rate("r", null);
	assert.deepEqual(last().sent, [
		{ type: "typing" },
		{ type: "rating", id: "r", rating: "down", comment: "Wrong" },
		{ type: "rating", id: "r", rating: "none" },
	]);
	assert.equal(Reflect.get(store.get().messages[2] ?? {}, "rating"), null);
});

test("a session that the server does not know is ready after a second", () => {
	const { talk, connect, last } = visit({ token: "t1" });
	connect();
	talk.send("Hi");
	assert.equal(last().sent.length, 0);
	clock.tick(1000);
	assert.equal(last().sent.length, 1);
});

test("a last question without a reply can be asked again", () => {
	const { talk, connect, shows, last } = visit({ token: "t1" });
	connect(history([ONE], null));
	shows("> One", "failed ");
	talk.retry();
	assert.equal(last().sent.length, 1);
});

// Repeated messages

test("a connection lost during a reply: the same id is sent again, and its text only grows", async () => {
	const { begin, hear, lose, shows, sentId, outbox } = visit();
	const id = begin("Hi");
	hear(START, token("Hel"));
	await lose();
	shows("> Hi", "streaming Hel");
	hear(session("t1"), history([question("Hi")]));
	assert.equal(sentId(0), id);
	hear(START, token("He"));
	shows("> Hi", "streaming Hel");
	hear(token("ll"));
	shows("> Hi", "streaming Hell");
	hear(token("o"), reply("Hello"));
	shows("> Hi", "done Hello");
	assert.equal(outbox.get(), null);
});

const ANSWER_HI = [START, token("Hello"), reply("Hello"), STOP];
const STORED: readonly [name: string, stored: object[], replies: object[]][] = [
	["was answered", [question("Hi"), reply("Hello")], answer("Hello")],
	["broke off", [question("Hi"), reply("Hel", { status: "interrupted" })], answer("Hello")],
	["comes twice", [question("Hi")], [...ANSWER_HI, ...ANSWER_HI]],
];
for (const [name, stored, replies] of STORED) {
	test(`after a reload, a reply that ${name} is asked for by its id, and shown once`, () => {
		const { connect, hear, shows, sentId, outbox } = visit({ token: "t1", sending: "Hi" });
		connect(history(stored));
		assert.equal(sentId(0), "c1");
		hear(...replies);
		shows("> Hi", "done Hello");
		assert.equal(outbox.get(), null);
	});
}

test("a message that was not received is not taken for an earlier one with the same text", async () => {
	const { talk, begin, hear, last, shows } = visit();
	begin("ok");
	hear(...answer("Well"));
	last().drop();
	talk.send("ok");
	await settle();
	hear(session("t1"), history([question("ok"), reply("Well")]));
	assert.equal(last().sent.length, 1);
	shows("> ok", "done Well", "> ok", "waiting ");
});

test("nor after a reload", () => {
	const { connect, hear, shows, outbox } = visit({ token: "t1", sending: "One" });
	connect(history([ONE, reply("1!", { id: "r1", status: "stopped" })], null));
	shows("> One", "stopped 1!", "> One", "waiting ");
	hear(...answer("2!", "r2"));
	shows("> One", "stopped 1!", "> One", "done 2!");
	assert.equal(outbox.get(), null);
});

test("a message that proves to be an older question is shown once, in its place", () => {
	const { connect, hear, shows, outbox } = visit({ token: "t1", sending: "One" });
	connect(history([ONE, reply("1!", { id: "r1" }), question("Two", "q2")], "r2"));
	hear(...answer("2!", "r2"));
	shows("> One", "done 1!", "> Two", "done 2!", "> One", "waiting ");
	hear(...ANSWER_ONE);
	shows("> One", "done 1!", "> Two", "done 2!");
	assert.equal(outbox.get(), null);
});

test("a reply that continues although its connection and its Stop were lost stays under its question", async () => {
	const { talk, begin, hear, last, shows, sentId, outbox } = visit();
	begin("One");
	hear(START);
	last().drop();
	talk.stop();
	talk.send("Two");
	await settle();
	hear(session("t1"), history([ONE], "r1"));
	shows("> One", "waiting ", "> Two");
	hear(...ANSWER_ONE);
	shows("> One", "done 1!", "> Two", "waiting ");
	assert.equal(outbox.get()?.clientMessageId, sentId(0));
	hear(...answer("2!", "r2"));
	shows("> One", "done 1!", "> Two", "done 2!");
	assert.equal(outbox.get(), null);
});

test("while another tab's reply runs or is stopped, a waiting message stays in the outbox", () => {
	const { connect, shows, outbox } = visit({ token: "t1", sending: "Two" });
	connect(history([ONE], "r1"), START, STOP);
	shows("> One", "stopped ", "> Two", "waiting ");
	assert.equal(outbox.get()?.clientMessageId, "c1");
});

// Errors and retries

test("an error ends the wait, and a retry sends the same id", () => {
	const { talk, begin, hear, shows, last, sentId } = visit();
	const id = begin("Hi");
	hear(error("daily_cap"));
	shows("> Hi", "failed ");
	talk.retry();
	shows("> Hi", "waiting ");
	assert.equal(sentId(1), id);
	assert.equal(last().sent.length, 2);
});

const SENTENCES: readonly [code: string, sentence: RegExp, isSpent?: boolean][] = [
	["unauthorized", /^This chat isn’t available here/],
	["invalid_message", /^This message couldn’t be sent/],
	["id_conflict", /^This message couldn’t be sent/, true],
	["conversation_deleted", /^This conversation was deleted/, true],
	["internal", /^Something went wrong on our side/],
];
for (const [code, sentence, isSpent = false] of SENTENCES) {
	test(`a message that is refused with ${code}: "${sentence.source.slice(1)}", and a retry can succeed`, () => {
		const { talk, begin, hear, shows, sentId, store } = visit();
		const id = begin("Hi");
		hear(error(code, id));
		shows("> Hi", "failed ");
		const [, , answered] = store.get().messages;
		assert.ok(answered?.role === "assistant");
		assert.match(WORDS(answered.failure ?? "broken"), sentence);
		talk.retry();
		assert.equal(sentId(1) === id, !isSpent);
		hear(...answer("Hello"));
		shows("> Hi", "done Hello");
	});
}

test("a message whose files are gone says so, and is dropped when the visitor writes on", () => {
	const { talk, begin, hear, shows, last, outbox } = visit();
	const id = begin("Hi");
	hear(error("file_not_found", id));
	shows("> Hi", "failed ");
	assert.equal(outbox.get()?.failure, "file_not_found");
	assert.match(WORDS("file_not_found"), /^This message couldn’t be sent/);
	talk.send("Without it");
	shows("> Hi", "failed ", "> Without it", "waiting ");
	assert.equal(last().sent.length, 2);
});

test("a message from the history is sent once more with its files", () => {
	const { talk, connect, last, shows } = visit({ token: "t1" });
	const file = { id: "f1", name: "a.png", type: "image/png", bytes: 7, url: null };
	connect(history([{ ...question("", "q1"), files: [file] }]));
	shows("> ", "failed ");
	talk.retry();
	const { type, content, files } = last().sent.at(-1) as Record<string, unknown>;
	assert.deepEqual({ type, content, files }, { type: "message", content: "", files: ["f1"] });
});

test("a reply that broke off is asked for again by the id of its message", () => {
	const { talk, begin, hear, shows, sentId } = visit();
	const id = begin("Hi");
	hear(START, token("Hel"), reply("Hel", { status: "interrupted" }));
	shows("> Hi", "failed Hel");
	talk.retry();
	shows("> Hi", "waiting ");
	assert.equal(sentId(1), id);
});

test("an interrupted reply that arrives whole keeps its text and its id", () => {
	const { connect, hear, shows, store } = visit();
	const broken = reply("Hel", { id: "r1", status: "interrupted" });
	connect(ONE, START, broken, STOP);
	shows("> One", "failed Hel");
	const before = store.get().messages;
	hear(history([ONE, broken], null));
	assert.equal(store.get().messages[2], before[2]);
});

test("a temporary error is retried with the same id, but not for another tab's message", async () => {
	const { begin, hear, shows, last, sentId } = visit();
	const id = begin("Hi");
	hear(START, error("store_unavailable", id), STOP);
	shows("> Hi", "paused ");
	await settle();
	assert.equal(sentId(1), id);
	hear(...answer("Hello"), question("From there", "q2"), START, error("store_unavailable"));
	shows("> Hi", "done Hello", "> From there", "failed ");
	await settle();
	assert.equal(last().sent.length, 2);
});

test("a reply that breaks off again and again is requested five more times, for each message", async () => {
	const { talk, connect, hear, shows, last, sentId } = visit();
	connect();
	for (const text of ["One", "Two"]) {
		talk.send(text);
		const before = last().sent.length;
		const id = sentId(before - 1);
		for (let i = 0; i < 6; i++) {
			assert.equal(last().sent.length, before + i);
			hear(START, error(i % 2 ? "interrupted" : "shutting_down", id), STOP);
			await settle();
		}
		assert.equal(last().sent.length, before + 5);
	}
	shows("> One", "failed ", "> Two", "failed ");
});

// Stopping

test("a stop asks the server, whose message is the end", () => {
	const { talk, begin, hear, shows, last, store } = visit();
	begin("Hi");
	hear(START, token("Hel"));
	talk.stop();
	assert.equal(store.get().stopping, true);
	assert.deepEqual(last().sent[1], { type: "stop" });
	hear(reply("Hel", { status: "stopped" }));
	shows("> Hi", "stopped Hel");
	assert.equal(store.get().stopping, false);
});

test("a reply that is stopped before its first token ends without a message", () => {
	const { talk, begin, hear, shows, outbox } = visit();
	begin("Hi");
	hear(START);
	talk.stop();
	hear(STOP);
	shows("> Hi", "stopped ");
	assert.equal(outbox.get(), null);
});

const LATE_ENDS: readonly [shown: string, end: (id: string) => object][] = [
	["stopped 1!", () => reply("1!", { status: "stopped" })],
	["stopped 1", (id) => error("model_failed", id)],
];
for (const [shown, end] of LATE_ENDS) {
	test(`a reply that ends after its Stop timed out is not that of the next message: ${shown}`, () => {
		const { talk, begin, hear, shows, outbox } = visit();
		const id = begin("One");
		hear(START, token("1"));
		talk.stop();
		clock.tick(3000);
		talk.send("Two");
		hear(token("more"), end(id), STOP);
		shows("> One", shown, "> Two", "waiting ");
		assert.equal(outbox.get()?.failure, null);
	});
}

// Connections

test("a widget that no longer exists: no more attempts, and the visitor is informed", async () => {
	const { talk, lose, shows, made, store } = visit({ exists: async () => false });
	talk.send("Hi");
	for (let i = 0; i < 3; i++) await lose();
	shows("> Hi", "paused ");
	assert.equal(store.get().line, "gone");
	const { length } = made;
	await settle();
	assert.equal(made.length, length);
	talk.retry();
	assert.equal(made.length, length + 1);
});

test("a close with 4404 asks whether the widget exists before another attempt", async () => {
	const { begin, lose, shows, made, store, token } = visit({ exists: async () => false });
	begin("Hi");
	await lose(4404);
	assert.equal(made.length, 1);
	// The widget may be back later, with its conversations.
	assert.equal(token(), "t1");
	shows("> Hi", "paused ");
	assert.equal(store.get().line, "gone");
});

test("a socket that cannot be opened is like one that breaks", async () => {
	const open = () => {
		throw new Error("SecurityError");
	};
	const { talk, shows, store } = visit({ exists: async () => false, open });
	talk.send("Hi");
	await settle();
	shows("> Hi", "paused ");
	assert.equal(store.get().line, "gone");
});

test("attempts continue while the server is unreachable", async () => {
	const exists = async () => {
		throw new ChatFailure("unreachable");
	};
	const { talk, lose, shows, made } = visit({ exists });
	talk.send("Hi");
	for (let i = 0; i < 5; i++) await lose();
	assert.equal(made.length, 6);
	shows("> Hi", "paused ");
});

test("after 15 seconds of silence the connection is tested, and 5 seconds later it is lost", async () => {
	const { begin, hear, shows, made, last, sentId, store } = visit();
	const id = begin("Hi");
	clock.tick(14_000);
	hear(START);
	clock.tick(15_000);
	assert.deepEqual(last().sent[1], { type: "ping" });
	hear({ type: "pong" });
	clock.tick(19_000);
	assert.equal(made.length, 1);
	clock.tick(1000);
	await settle();
	assert.equal(store.get().line, "lost");
	assert.equal(made.length, 2);
	hear(session("t1"), history([question("Hi")]));
	assert.equal(store.get().line, "up");
	assert.equal(sentId(0), id);
	made[0]?.say(reply("From the old connection"));
	shows("> Hi", "waiting ");
});

test("a change of the network replaces the connection at once", async () => {
	const { connect, made, network } = visit();
	connect();
	network.change();
	await settle();
	assert.equal(made.length, 2);
	assert.equal(network.listeners.size, 1);
});

// Contact details

const wish: ContactWish = { required: true, fields: ["name", "email"], needed: [] };
const optional: ContactWish = { ...wish, required: false };
const SENDING = { phase: "sending", problem: "", wrong: [] };

test("contact details are asked for until they are saved, with the server's own words", () => {
	const { talk, connect, hear, last, contact } = visit({ wish });
	connect();
	assert.deepEqual(contact(), { phase: "asked", problem: "", wrong: [] });
	talk.introduce({ email: "jane@" });
	assert.deepEqual(last().sent[0], { type: "contact_info", email: "jane@" });
	assert.equal(contact().phase, "sending");
	const message = "email must be an address";
	hear({ type: "error", message, fields: { email: message, shoe_size: "from the future" } });
	const wrong = ["email", "shoe_size"];
	assert.deepEqual(contact(), { phase: "asked", problem: message, wrong });
	talk.introduce({ email: "jane@example.com" });
	hear({ type: "contact_info_saved" });
	assert.equal(contact().phase, "saved");
});

test("a new visitor is asked without waiting for a connection", () => {
	assert.equal(visit({ wish }).contact().phase, "asked");
	assert.equal(visit({ wish, token: "t1" }).contact().phase, "hidden");
});

test("a known visitor is not asked", () => {
	const { talk, hear, contact } = visit({ wish });
	talk.sync();
	hear(session("t1", true));
	assert.equal(contact().phase, "saved");
});

test("a visitor who skips the form is not asked again until a message is refused for it", () => {
	const { talk, connect, hear, contact } = visit({ wish: optional });
	connect();
	talk.skipContact();
	hear(session("t1"));
	assert.equal(contact().phase, "hidden");
	talk.send("Hi");
	hear(error("contact_required"), session("t1"));
	assert.equal(contact().phase, "asked");
});

test("a message waits for required details, also if the server does not know that they are", () => {
	const { talk, connect, hear, last, shows, sentId } = visit({ wish });
	connect();
	talk.send("Hi");
	assert.deepEqual(last().sent, []);
	shows("> Hi", "failed ");
	talk.introduce({ name: "Jane" });
	hear({ type: "contact_info_saved" });
	assert.equal((last().sent[1] as { content?: string } | undefined)?.content, "Hi");
	hear(
		{ type: "typing_start" },
		{ type: "message", content: "Hello", role: "assistant", id: sentId(1) },
	);
	shows("> Hi", "done Hello");
});

test("details entered without a connection are sent first when there is one", async () => {
	const { talk, hear, lose, last, contact } = visit({ wish });
	talk.introduce({ name: "Jane" });
	talk.send("Hi");
	assert.deepEqual(last().sent, []);
	for (let i = 0; i < 2; i++) await lose();
	assert.equal(contact().phase, "sending");
	assert.match(contact().problem, /reconnect/);
	hear(session("t1"));
	assert.deepEqual(last().sent[0], { type: "contact_info", name: "Jane" });
	assert.equal(last().sent.length, 2);
	assert.deepEqual(contact(), SENDING);
	// The response is lost, but the server has saved them.
	await lose();
	hear(session("t1", true), history([]));
	assert.equal(contact().phase, "saved");
	assert.equal(last().sent.length, 1);
});

test("a message may fail for its own reason while details are sent", () => {
	const { talk, begin, hear, shows, contact } = visit({ wish: optional });
	const id = begin("Hi");
	talk.introduce({ name: "Jane" });
	hear(error("daily_cap", id));
	shows("> Hi", "failed ");
	assert.equal(contact().phase, "sending");
});

test("another tab's reply may fail and a Stop be refused while details are sent", () => {
	const { talk, connect, hear, shows, contact } = visit({ wish: optional });
	connect(ONE, START);
	talk.introduce({ name: "Jane" });
	talk.stop();
	hear(error("rate_limited"));
	shows("> One", "waiting ");
	hear(error("model_failed"), STOP);
	shows("> One", "failed ");
	assert.deepEqual(contact(), SENDING);
	hear(error("rate_limited"));
	assert.deepEqual(contact(), { phase: "asked", problem: "No: rate_limited", wrong: [] });
});

for (const code of ["invalid_contact_info", "contact_pending", "rate_limited"]) {
	test(`${code} refuses the details, not the reply that runs meanwhile`, () => {
		const { talk, begin, hear, shows, contact } = visit({ wish: optional });
		begin("Hi");
		hear(START);
		talk.introduce({ name: "" });
		hear(error(code));
		assert.equal(contact().problem, `No: ${code}`);
		shows("> Hi", "waiting ");
	});
}

for (const code of [
	"contact_not_asked",
	"contact_pending",
	"invalid_identity",
	"invalid_contact_info",
])
	for (const frames of [[], [START, token("So")]])
		test(`${code} refuses what the page says, not the reply ${frames.length ? "that runs" : "to come"}`, () => {
			const { talk, begin, hear, shows, contact } = visit({ wish: optional });
			begin("Hi");
			hear(...frames);
			talk.identify({ userId: "42", hash: "x" });
			hear(error(code));
			shows("> Hi", frames.length ? "streaming So" : "waiting ");
			assert.equal(contact().problem, "");
		});

test("a widget that no longer asks for details hides the form", () => {
	const { talk, connect, hear, contact } = visit({ wish });
	connect();
	talk.introduce({ name: "Jane" });
	hear(error("contact_not_asked"));
	assert.equal(contact().phase, "hidden");
});

test("a message that was refused for lack of details is sent when they are saved", () => {
	const { talk, begin, hear, shows, sentId } = visit({ wish });
	const id = begin("Hi");
	hear(error("contact_required", id));
	shows("> Hi", "failed ");
	talk.introduce({ name: "Jane" });
	hear({ type: "contact_info_saved" });
	shows("> Hi", "waiting ");
	assert.equal(sentId(2), id);
});

test("a widget that is destroyed during a reply closes its connection", async () => {
	const life = new AbortController();
	const { begin, made } = visit({ signal: life.signal });
	begin("Hi");
	life.abort();
	await settle();
	assert.equal(made.length, 1);
});

test("what the page says about the visitor is sent on each connection, before messages", async () => {
	const { talk, last, hear, lose } = visit();
	talk.identify({ userId: "42" });
	talk.describe({ plan: "pro" });
	talk.send("Hi");
	hear(session("t1"));
	const types = () => last().sent.map((frame) => Reflect.get(frame, "type"));
	assert.deepEqual(types(), ["identify", "context", "message"]);
	await lose();
	hear(session("t1"), { type: "history", messages: [], active: null });
	assert.deepEqual(types().slice(0, 2), ["identify", "context"]);
});

test("decisions that are made without a connection are all told, one after the other", async () => {
	const { talk, last, hear, lose } = visit();
	const told = () =>
		last()
			.sent.filter((frame) => Reflect.get(frame, "type") === "decide")
			.map(idOf);
	talk.sync();
	for (const id of ["s1", "s2", "s3"])
		talk.decide({ type: "decide", id, hash: "h", decision: "yes" });
	hear(session("t1"));
	assert.deepEqual(told(), ["s1"]);
	hear({ type: "step", granted: true, step: { id: "s1" } });
	assert.deepEqual(told(), ["s1", "s2"]);
	await lose();
	hear(session("t1"), history([]));
	assert.deepEqual(told(), ["s2"]);
	hear(error("step_not_found"));
	assert.deepEqual(told(), ["s2", "s3"]);
	talk.decide({ type: "decide", id: "s4", hash: "h", decision: "yes" });
	hear(error("step_other_user"));
	assert.deepEqual(told(), ["s2", "s3", "s4"]);
	hear({ type: "step", granted: false, step: { id: "s4" } });
	assert.deepEqual(told(), ["s2", "s3", "s4"]);
});

test("what is decided is marked until the server has answered, by its id", () => {
	const { talk, store, last, hear } = visit();
	const waiting = [{ id: "s1" }, { id: "s2" }].map((one) => ({ ...one, state: "waiting" }));
	const marked = () => store.get().deciding;
	const decide = (id: string) => talk.decide({ type: "decide", id, hash: "h", decision: "yes" });
	const told = () =>
		last()
			.sent.filter((frame) => Reflect.get(frame, "type") === "decide")
			.map(idOf);
	talk.sync();
	hear(session("t1"), { type: "steps", steps: waiting });
	assert.deepEqual(marked(), []);
	decide("s1");
	decide("s1");
	decide("s2");
	assert.deepEqual(marked(), ["s1", "s2"]);
	assert.deepEqual(told(), ["s1", "s1"]);
	const granted = { type: "step", granted: true, step: { id: "s1" } };
	hear(granted, granted, { type: "steps", steps: waiting.slice(1) });
	assert.deepEqual(marked(), ["s2"]);
	hear(error("step_other_user"), { type: "steps", steps: waiting.slice(1) });
	assert.deepEqual(marked(), [], "the visitor can decide again");
});

test("a decision that came too fast is told again", async () => {
	const { talk, last, hear } = visit();
	talk.sync();
	hear(session("t1"));
	talk.decide({ type: "decide", id: "s1", hash: "h", decision: "yes" });
	hear({ ...error("rate_limited"), retryAfterMs: 2000 });
	assert.deepEqual(last().sent.map(idOf), ["s1"]);
	await settle();
	assert.deepEqual(last().sent.map(idOf), ["s1", "s1"]);
});

test("a decision says who makes it", () => {
	const { talk, last, hear } = visit();
	talk.sync();
	talk.identify({ userId: "42", hash: "h" });
	hear(session("t1"));
	talk.decide({ type: "decide", id: "s1", hash: "h", decision: "yes" });
	const { identity } = Object(last().sent.at(-1));
	assert.equal(identity.userId, "42");
});

test("what is forgotten says nothing of the visitor any more", async () => {
	const { talk, last, hear } = visit();
	talk.sync();
	talk.identify({ userId: "42", hash: "h" });
	hear(session("t1"));
	talk.decide({ type: "decide", id: "s1", hash: "h", decision: "yes" });
	talk.forget();
	await settle();
	hear(session("t2"));
	talk.send("Hi");
	const types = last().sent.map((frame) => Reflect.get(frame, "type"));
	assert.deepEqual(types, ["message"]);
	assert.equal(Object(last().sent[0]).identity, undefined);
});
