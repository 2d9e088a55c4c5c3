import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { openOutbox } from "../src/chat/outbox";
import { initialState, type State } from "../src/chat/state";
import { createStore } from "../src/chat/store";
import type { ContactWish } from "../src/config";
import { ChatFailure } from "../src/net/failure";
import { createSocketConversation } from "../src/socket/conversation";
import { openTokens } from "../src/socket/tokens";
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

interface Options {
	readonly token?: string;
	readonly sending?: { text: string; id: string };
	readonly wish?: ContactWish;
	readonly exists?: () => Promise<boolean>;
	readonly open?: () => never;
}

function talking(options: Options = {}) {
	const kept = fakeStorage(options.token ? { "banter.token.wid_a": options.token } : {});
	const outbox = openOutbox(fakeStorage(), HERE);
	const tokens = openTokens(kept, "wid_a");
	if (options.sending) {
		const { text, id } = options.sending;
		outbox.put({ clientMessageId: id, text, messageId: null, failure: null });
	}
	const store = createStore<State>(initialState("Welcome", true));
	const sockets = fakeSockets();
	const net = hastyNetwork();
	let shy = false;
	const talk = createSocketConversation({
		store,
		network: net.network,
		outbox,
		tokens,
		wish: options.wish ?? null,
		shyness: {
			get: () => shy,
			put() {
				shy = true;
			},
		},
		open: options.open ?? sockets.open,
		exists: options.exists ?? (async () => true),
		address: (token) => `ws:${token ?? ""}`,
	});
	const shown = () =>
		store
			.get()
			.messages.slice(1)
			.map((one) => (one.role === "user" ? `> ${one.text}` : `${one.phase} ${one.text}`));
	return {
		talk,
		store,
		sockets,
		outbox,
		tokens,
		shown,
		net,
		token: () => kept.getItem("banter.token.wid_a"),
	};
}

const session = (token: string, submitted = false) => ({
	type: "session",
	session_token: token,
	contact_info_submitted: submitted,
});
const reply = (content: string, more: object = {}) => ({
	type: "message",
	id: "r",
	role: "assistant",
	content,
	...more,
});

function idOf(frame: object | undefined): string {
	return String((frame as { id?: string } | undefined)?.id);
}

test("a message goes out when the session stands, and its reply streams in", () => {
	const { talk, sockets, shown, token, outbox } = talking();
	assert.equal(talk.send(" Hi "), true);
	assert.equal(talk.send("at once"), false);
	const socket = sockets.last();
	assert.equal(socket.address, "ws:");
	assert.deepEqual(socket.sent, []);
	socket.say(session("t1"));
	assert.equal(token(), "t1");
	assert.equal(socket.sent.length, 1);
	assert.deepEqual(socket.sent[0], { type: "message", content: "Hi", id: idOf(socket.sent[0]) });
	socket.say({ type: "typing_start" });
	assert.deepEqual(shown(), ["> Hi", "waiting "]);
	socket.say({ type: "token", token: "Hel" });
	socket.say({ type: "token", token: "lo" });
	assert.deepEqual(shown(), ["> Hi", "streaming Hello"]);
	socket.say(reply("Hello."));
	socket.say({ type: "typing_stop" });
	assert.deepEqual(shown(), ["> Hi", "done Hello."]);
	assert.equal(outbox.get(), null);
});

test("a known token brings back what was said, and the same objects on the next line", async () => {
	const { talk, sockets, shown, store } = talking({ token: "t1" });
	talk.sync();
	assert.equal(sockets.last().address, "ws:t1");
	const messages = [
		{ id: "q", role: "user", content: "Hi" },
		{ id: "r", role: "assistant", content: "Hello" },
	];
	sockets.last().say(session("t1"));
	sockets.last().say({ type: "history", messages });
	assert.deepEqual(shown(), ["> Hi", "done Hello"]);
	const before = store.get().messages;
	sockets.last().drop();
	await settle();
	assert.equal(sockets.made.length, 2);
	sockets.last().say(session("t1"));
	sockets.last().say({ type: "history", messages });
	assert.equal(store.get().messages[2], before[2]);
});

test("a token that the server no longer knows: what it has forgotten is not shown", () => {
	const { talk, sockets, shown, token } = talking({ token: "t1" });
	talk.sync();
	sockets.last().say(session("t2"));
	assert.equal(token(), "t2");
	assert.deepEqual(shown(), []);
});

test("a line lost in mid-reply: the same id goes out again, and nothing is shown twice", async () => {
	const { talk, sockets, shown, outbox } = talking();
	talk.send("Hi");
	sockets.last().say(session("t1"));
	const id = idOf(sockets.last().sent[0]);
	sockets.last().say({ type: "typing_start" });
	sockets.last().say({ type: "token", token: "Hel" });
	sockets.last().drop();
	await settle();
	assert.deepEqual(shown(), ["> Hi", "streaming Hel"]);
	sockets.last().say(session("t1"));
	sockets.last().say({ type: "history", messages: [{ id: "q", role: "user", content: "Hi" }] });
	assert.equal(idOf(sockets.last().sent[0]), id);
	sockets.last().say({ type: "typing_start" });
	for (const token of ["Hel", "lo"]) sockets.last().say({ type: "token", token });
	sockets.last().say(reply("Hello"));
	assert.deepEqual(shown(), ["> Hi", "done Hello"]);
	assert.equal(outbox.get(), null);
});

test("after a reload what was answered meanwhile is asked for by its id, and shown once", () => {
	const { talk, sockets, shown, outbox } = talking({
		token: "t1",
		sending: { text: "Hi", id: "c1" },
	});
	talk.sync();
	sockets.last().say(session("t1"));
	sockets.last().say({
		type: "history",
		messages: [
			{ id: "q", role: "user", content: "Hi" },
			{ id: "r", role: "assistant", content: "Hello" },
		],
	});
	assert.equal(idOf(sockets.last().sent[0]), "c1");
	sockets.last().say({ type: "typing_start" });
	sockets.last().say(reply("Hello"));
	sockets.last().say({ type: "typing_stop" });
	assert.deepEqual(shown(), ["> Hi", "done Hello"]);
	assert.equal(outbox.get(), null);
});

test("the same words again, which never arrived, are not taken for those that have", async () => {
	const { talk, sockets, shown } = talking();
	talk.send("ok");
	sockets.last().say(session("t1"));
	sockets.last().say({ type: "typing_start" });
	sockets.last().say(reply("Well"));
	sockets.last().say({ type: "typing_stop" });
	sockets.last().drop();
	talk.send("ok");
	await settle();
	sockets.last().say(session("t1"));
	sockets.last().say({
		type: "history",
		messages: [
			{ id: "q", role: "user", content: "ok" },
			{ id: "r", role: "assistant", content: "Well" },
		],
	});
	assert.equal(sockets.last().sent.length, 1);
	assert.deepEqual(shown(), ["> ok", "done Well", "> ok", "waiting "]);
});

test("of a history that has moved on each message is known by its id, not by its place", () => {
	const { talk, sockets, store } = talking({ token: "t1" });
	const said = (id: string) => ({ id, role: "assistant", content: `text of ${id}` });
	talk.sync();
	sockets.last().say(session("t1"));
	sockets.last().say({ type: "history", messages: ["a", "b", "c"].map(said) });
	const before = store.get().messages;
	sockets.last().say({ type: "history", messages: ["b", "c", "d"].map(said) });
	const after = store.get().messages;
	assert.deepEqual(
		after.slice(1).map(({ key, text }) => `${key}: ${text}`),
		["b: text of b", "c: text of c", "d: text of d"],
	);
	assert.equal(after[1], before[2]);
});

test("after a reload a reply that broke off is asked for again, in its place", () => {
	const { talk, sockets, shown } = talking({ token: "t1", sending: { text: "Hi", id: "c1" } });
	talk.sync();
	sockets.last().say(session("t1"));
	sockets.last().say({
		type: "history",
		messages: [
			{ id: "q", role: "user", content: "Hi" },
			{ id: "r", role: "assistant", content: "Hel", status: "interrupted" },
		],
	});
	assert.equal(idOf(sockets.last().sent[0]), "c1");
	sockets.last().say({ type: "typing_start" });
	sockets.last().say(reply("Hello"));
	assert.deepEqual(shown(), ["> Hi", "done Hello"]);
});

test("another tab's message and its reply are shown as they come", () => {
	const { talk, sockets, shown } = talking();
	talk.sync();
	sockets.last().say(session("t1"));
	sockets.last().say({ type: "message", id: "q", role: "user", content: "From there" });
	sockets.last().say({ type: "typing_start" });
	sockets.last().say({ type: "token", token: "So" });
	assert.deepEqual(shown(), ["> From there", "streaming So"]);
	assert.equal(talk.send("Me too"), false);
	sockets.last().say(reply("So be it"));
	assert.deepEqual(shown(), ["> From there", "done So be it"]);
});

test("a reply that was running when the page came back is heard from its beginning", () => {
	const { talk, sockets, shown } = talking({ token: "t1" });
	talk.sync();
	sockets.last().say(session("t1"));
	sockets.last().say({ type: "history", messages: [{ id: "q", role: "user", content: "Hi" }] });
	sockets.last().say({ type: "typing_start" });
	sockets.last().say({ type: "token", token: "Hello" });
	assert.deepEqual(shown(), ["> Hi", "streaming Hello"]);
});

const ONE = { id: "q1", role: "user", content: "One" };

/** The reply to One, as it is told whole. */
function answerOne({ sockets }: ReturnType<typeof talking>): void {
	sockets.last().say({ type: "typing_start" });
	sockets.last().say({ type: "token", token: "1" });
	sockets.last().say(reply("1!", { id: "r1" }));
	sockets.last().say({ type: "typing_stop" });
}

test("a reply that runs on, though its line and its Stop were lost, stays under its question", async () => {
	const all = talking();
	const { talk, sockets, shown, outbox } = all;
	talk.send("One");
	sockets.last().say(session("t1"));
	sockets.last().say({ type: "typing_start" });
	sockets.last().drop();
	talk.stop();
	assert.equal(talk.send("Two"), true);
	await settle();
	sockets.last().say(session("t1"));
	sockets.last().say({ type: "history", messages: [ONE], active: "r1" });
	assert.deepEqual(shown(), ["> One", "waiting ", "> Two", "waiting "]);
	const id = idOf(sockets.last().sent[0]);
	answerOne(all);
	assert.deepEqual(shown(), ["> One", "done 1!", "> Two", "waiting "]);
	assert.equal(outbox.get()?.clientMessageId, id);
	sockets.last().say({ type: "typing_start" });
	sockets.last().say(reply("2!", { id: "r2" }));
	sockets.last().say({ type: "typing_stop" });
	assert.deepEqual(shown(), ["> One", "done 1!", "> Two", "done 2!"]);
	assert.equal(outbox.get(), null);
});

test("while another tab's reply runs, or is stopped, what waits stays in the outbox", () => {
	const all = talking({ token: "t1", sending: { text: "Two", id: "c2" } });
	const { talk, sockets, shown, outbox } = all;
	talk.sync();
	sockets.last().say(session("t1"));
	sockets.last().say({ type: "history", messages: [ONE], active: "r1" });
	sockets.last().say({ type: "typing_start" });
	sockets.last().say({ type: "typing_stop" });
	assert.deepEqual(shown(), ["> One", "stopped ", "> Two", "waiting "]);
	assert.equal(outbox.get()?.clientMessageId, "c2");
});

test("a last question that nobody answers can be asked again", () => {
	const { talk, sockets, shown } = talking({ token: "t1" });
	talk.sync();
	sockets.last().say(session("t1"));
	sockets.last().say({ type: "history", messages: [ONE], active: null });
	assert.deepEqual(shown(), ["> One", "failed "]);
	talk.retry();
	assert.deepEqual(sockets.last().sent.length, 1);
});

test("after a reload the same words, which never arrived, leave those that were answered", () => {
	const { talk, sockets, shown, outbox } = talking({
		token: "t1",
		sending: { text: "One", id: "c2" },
	});
	talk.sync();
	sockets.last().say(session("t1"));
	sockets.last().say({
		type: "history",
		messages: [ONE, reply("1!", { id: "r1", status: "stopped" })],
		active: null,
	});
	assert.deepEqual(shown(), ["> One", "stopped 1!", "> One", "waiting "]);
	sockets.last().say({ type: "typing_start" });
	sockets.last().say(reply("2!", { id: "r2" }));
	sockets.last().say({ type: "typing_stop" });
	assert.deepEqual(shown(), ["> One", "stopped 1!", "> One", "done 2!"]);
	assert.equal(outbox.get(), null);
});

test("what turns out to be an older question is shown once, in its place", () => {
	const all = talking({ token: "t1", sending: { text: "One", id: "c1" } });
	const { talk, sockets, shown, outbox } = all;
	talk.sync();
	sockets.last().say(session("t1"));
	sockets.last().say({
		type: "history",
		messages: [ONE, reply("1!", { id: "r1" }), { id: "q2", role: "user", content: "Two" }],
		active: "r2",
	});
	sockets.last().say({ type: "typing_start" });
	sockets.last().say(reply("2!", { id: "r2" }));
	sockets.last().say({ type: "typing_stop" });
	assert.deepEqual(shown(), ["> One", "done 1!", "> Two", "done 2!", "> One", "waiting "]);
	answerOne(all);
	assert.deepEqual(shown(), ["> One", "done 1!", "> Two", "done 2!"]);
	assert.equal(outbox.get(), null);
});

test("an error ends the wait, and trying again sends the same id", () => {
	const { talk, sockets, shown } = talking();
	talk.send("Hi");
	sockets.last().say(session("t1"));
	sockets.last().say({ type: "error", message: "Enough", code: "daily_cap" });
	assert.deepEqual(shown(), ["> Hi", "failed "]);
	talk.retry();
	assert.deepEqual(shown(), ["> Hi", "waiting "]);
	const [first, second] = sockets.last().sent;
	assert.equal(idOf(second), idOf(first));
	assert.equal(sockets.last().sent.length, 2);
});

test("stop asks the server, whose message is the end", () => {
	const { talk, sockets, shown, store } = talking();
	talk.send("Hi");
	sockets.last().say(session("t1"));
	sockets.last().say({ type: "typing_start" });
	sockets.last().say({ type: "token", token: "Hel" });
	talk.stop();
	assert.equal(store.get().stopping, true);
	assert.deepEqual(sockets.last().sent[1], { type: "stop" });
	sockets.last().say(reply("Hel", { status: "stopped" }));
	assert.deepEqual(shown(), ["> Hi", "stopped Hel"]);
	assert.equal(store.get().stopping, false);
});

test("a widget that is gone: no more attempts, and the visitor is told", async () => {
	const { talk, sockets, shown } = talking({ exists: async () => false });
	talk.send("Hi");
	for (let i = 0; i < 3; i++) {
		sockets.last().drop();
		await settle();
	}
	assert.deepEqual(shown(), ["> Hi", "failed "]);
	const { length } = sockets.made;
	await settle();
	assert.equal(sockets.made.length, length);
	talk.retry();
	assert.equal(sockets.made.length, length + 1);
});

test("as long as nobody answers it is tried again", async () => {
	const { talk, sockets, shown } = talking({
		exists: async () => {
			throw new ChatFailure("unreachable");
		},
	});
	talk.send("Hi");
	for (let i = 0; i < 5; i++) {
		sockets.last().drop();
		await settle();
	}
	assert.equal(sockets.made.length, 6);
	assert.deepEqual(shown(), ["> Hi", "paused "]);
});

const wish: ContactWish = { required: true, fields: ["name", "email"] };

test("whoever is asked for: the form until it is saved, with the server's own words", () => {
	const { talk, sockets, store } = talking({ wish });
	talk.sync();
	sockets.last().say(session("t1"));
	assert.deepEqual(store.get().contact, { phase: "asked", problem: "", wrong: [] });
	talk.introduce({ email: "jane@" });
	assert.deepEqual(sockets.last().sent[0], { type: "contact_info", email: "jane@" });
	assert.equal(store.get().contact.phase, "sending");
	sockets.last().say({
		type: "error",
		message: "email must be an address",
		fields: { email: "email must be an address", shoe_size: "from the future" },
	});
	assert.deepEqual(store.get().contact, {
		phase: "asked",
		problem: "email must be an address",
		wrong: ["email"],
	});
	talk.introduce({ email: "jane@example.com" });
	sockets.last().say({ type: "contact_info_saved" });
	assert.equal(store.get().contact.phase, "saved");
});

test("whoever is known is not asked; whoever would rather not say is not asked again", () => {
	const known = talking({ wish });
	known.talk.sync();
	known.sockets.last().say(session("t1", true));
	assert.equal(known.store.get().contact.phase, "saved");
	const shy = talking({ wish: { ...wish, required: false } });
	shy.talk.sync();
	shy.sockets.last().say(session("t1"));
	shy.talk.skipContact();
	shy.sockets.last().say(session("t1"));
	assert.equal(shy.store.get().contact.phase, "hidden");
});

test("a reply that was stopped before its first word ends without a message", () => {
	const { talk, sockets, shown, outbox } = talking();
	talk.send("Hi");
	sockets.last().say(session("t1"));
	sockets.last().say({ type: "typing_start" });
	talk.stop();
	sockets.last().say({ type: "typing_stop" });
	assert.deepEqual(shown(), ["> Hi", "stopped "]);
	assert.equal(outbox.get(), null);
});

test("a token that is no good any more is dropped, and what was not answered goes out anew", async () => {
	const { talk, sockets, token } = talking();
	talk.send("Hi");
	sockets.last().say(session("t1"));
	sockets.last().drop(4404);
	await settle();
	assert.equal(token(), null);
	assert.equal(sockets.last().address, "ws:");
	sockets.last().say(session("t2"));
	assert.equal(idOf(sockets.last().sent[0]), idOf(sockets.made[0]?.sent[0]));
});

test("a reply that was heard already, and comes again because its message did, is shown once", () => {
	const { talk, sockets, shown } = talking({ token: "t1", sending: { text: "Hi", id: "c1" } });
	talk.sync();
	sockets.last().say(session("t1"));
	sockets.last().say({ type: "history", messages: [{ id: "q", role: "user", content: "Hi" }] });
	for (let i = 0; i < 2; i++) {
		sockets.last().say({ type: "typing_start" });
		sockets.last().say({ type: "token", token: "Hello" });
		sockets.last().say(reply("Hello"));
		sockets.last().say({ type: "typing_stop" });
	}
	assert.deepEqual(shown(), ["> Hi", "done Hello"]);
});

test("nobody waits for ever on a line that has died without a word", async () => {
	const { talk, sockets, shown } = talking();
	talk.send("Hi");
	sockets.last().say(session("t1"));
	const id = idOf(sockets.last().sent[0]);
	clock.tick(119_000);
	sockets.last().say({ type: "typing_start" });
	clock.tick(119_000);
	await settle();
	assert.equal(sockets.made.length, 1);
	clock.tick(1000);
	await settle();
	assert.equal(sockets.made.length, 2);
	sockets.last().say(session("t1"));
	sockets.last().say({ type: "history", messages: [{ id: "q", role: "user", content: "Hi" }] });
	assert.equal(idOf(sockets.last().sent[0]), id);
	sockets.made[0]?.say(reply("From the grave"));
	assert.deepEqual(shown(), ["> Hi", "waiting "]);
});

test("a line on which nothing is to be said may be silent", async () => {
	const { talk, sockets } = talking();
	talk.sync();
	sockets.last().say(session("t1"));
	clock.tick(600_000);
	await settle();
	assert.equal(sockets.made.length, 1);
});

test("on another network there is another line, at once", async () => {
	const { talk, sockets, net } = talking();
	talk.sync();
	sockets.last().say(session("t1"));
	net.change();
	await settle();
	assert.equal(sockets.made.length, 2);
	assert.equal(net.listeners.size, 1);
});

test("a line that may not be opened is like one that breaks", async () => {
	const { talk, shown } = talking({
		exists: async () => false,
		open() {
			throw new Error("SecurityError");
		},
	});
	talk.send("Hi");
	await settle();
	assert.deepEqual(shown(), ["> Hi", "failed "]);
});

test("a token that is no good: another tab's better one stays", async () => {
	const { talk, sockets, tokens, token } = talking({ token: "t1" });
	talk.sync();
	sockets.last().say(session("t1"));
	tokens.put("t2");
	sockets.last().drop(4404);
	await settle();
	assert.equal(token(), "t2");
	assert.equal(sockets.last().address, "ws:t2");
});

test("a widget that ends is asked for before another attempt", async () => {
	const { talk, sockets, shown } = talking({ exists: async () => false });
	talk.send("Hi");
	sockets.last().say(session("t1"));
	sockets.last().drop(4404);
	await settle();
	assert.equal(sockets.made.length, 1);
	assert.deepEqual(shown(), ["> Hi", "failed "]);
});

test("whoever has never been here is asked without waiting for a line", () => {
	assert.equal(talking({ wish }).store.get().contact.phase, "asked");
	assert.equal(talking({ wish, token: "t1" }).store.get().contact.phase, "hidden");
});

test("what is said of oneself without a line is said when there is one, before all else", async () => {
	const { talk, sockets, store } = talking({ wish });
	talk.introduce({ name: "Jane" });
	talk.send("Hi");
	assert.deepEqual(sockets.last().sent, []);
	for (let i = 0; i < 2; i++) {
		sockets.last().drop();
		await settle();
	}
	const { phase, problem } = store.get().contact;
	assert.equal(phase, "sending");
	assert.match(problem, /reconnect/);
	sockets.last().say(session("t1"));
	assert.deepEqual(sockets.last().sent[0], { type: "contact_info", name: "Jane" });
	assert.equal(sockets.last().sent.length, 2);
	assert.deepEqual(store.get().contact, { phase: "sending", problem: "", wrong: [] });
	// The answer is lost, but not what it was about.
	sockets.last().drop();
	await settle();
	sockets.last().say(session("t1", true));
	sockets.last().say({ type: "history", messages: [] });
	assert.equal(store.get().contact.phase, "saved");
	assert.equal(sockets.last().sent.length, 1);
});

test("while one says who is writing, a message may fail for a reason of its own", () => {
	const { talk, sockets, store, shown } = talking({ wish: { ...wish, required: false } });
	talk.send("Hi");
	sockets.last().say(session("t1"));
	talk.introduce({ name: "Jane" });
	const id = idOf(sockets.last().sent[0]);
	sockets.last().say({ type: "error", message: "Enough", code: "daily_cap", id });
	assert.deepEqual(shown(), ["> Hi", "failed "]);
	assert.equal(store.get().contact.phase, "sending");
});

test("while one says who is writing, another tab's reply may fail, and a Stop be refused", () => {
	const { talk, sockets, store, shown } = talking({ wish: { ...wish, required: false } });
	talk.sync();
	sockets.last().say(session("t1"));
	sockets.last().say({ type: "message", ...ONE });
	sockets.last().say({ type: "typing_start" });
	talk.introduce({ name: "Jane" });
	talk.stop();
	sockets.last().say({ type: "error", message: "Too many requests", code: "rate_limited" });
	assert.deepEqual(shown(), ["> One", "waiting "]);
	sockets.last().say({ type: "error", message: "The assistant failed", code: "model_failed" });
	sockets.last().say({ type: "typing_stop" });
	assert.deepEqual(shown(), ["> One", "failed "]);
	assert.deepEqual(store.get().contact, { phase: "sending", problem: "", wrong: [] });
	sockets.last().say({ type: "error", message: "Too many requests", code: "rate_limited" });
	assert.deepEqual(store.get().contact, {
		phase: "asked",
		problem: "Too many requests",
		wrong: [],
	});
});

test("what is said of who is writing is refused as such also while a reply is written", () => {
	for (const code of ["invalid_contact_info", "contact_pending", "rate_limited"]) {
		const { talk, sockets, store, shown } = talking({ wish: { ...wish, required: false } });
		talk.send("Hi");
		sockets.last().say(session("t1"));
		sockets.last().say({ type: "typing_start" });
		talk.introduce({ name: "" });
		sockets.last().say({ type: "error", message: "No", code });
		assert.equal(store.get().contact.problem, "No");
		assert.deepEqual(shown(), ["> Hi", "waiting "]);
	}
});

test("a reply that runs on after its Stop was taken for heard is not that of the next", async () => {
	const ends: readonly [string, (id: string) => object][] = [
		["stopped 1!", () => reply("1!", { status: "stopped" })],
		["stopped 1", (id) => ({ type: "error", message: "No", code: "model_failed", id })],
	];
	for (const [one, end] of ends) {
		const { talk, sockets, shown, outbox } = talking();
		talk.send("One");
		sockets.last().say(session("t1"));
		const id = idOf(sockets.last().sent[0]);
		sockets.last().say({ type: "typing_start" });
		sockets.last().say({ type: "token", token: "1" });
		talk.stop();
		clock.tick(3000);
		talk.send("Two");
		sockets.last().say({ type: "token", token: "more" });
		sockets.last().say(end(id));
		sockets.last().say({ type: "typing_stop" });
		assert.deepEqual(shown(), ["> One", one, "> Two", "waiting "]);
		assert.equal(outbox.get()?.failure, null);
	}
});

test("a widget that no longer asks who is writing leaves the way free", () => {
	const { talk, sockets, store } = talking({ wish });
	talk.sync();
	sockets.last().say(session("t1"));
	talk.introduce({ name: "Jane" });
	sockets.last().say({ type: "error", message: "Not asked", code: "contact_not_asked" });
	assert.equal(store.get().contact.phase, "hidden");
});

test("a message that was refused for want of a name goes out when the name is known", () => {
	const { talk, sockets, shown } = talking({ wish });
	talk.send("Hi");
	sockets.last().say(session("t1"));
	const id = idOf(sockets.last().sent[0]);
	sockets.last().say({ type: "error", message: "Who?", code: "contact_required", id });
	assert.deepEqual(shown(), ["> Hi", "failed "]);
	talk.introduce({ name: "Jane" });
	sockets.last().say({ type: "contact_info_saved" });
	assert.deepEqual(shown(), ["> Hi", "waiting "]);
	assert.equal(idOf(sockets.last().sent[2]), id);
});

test("what passes is tried again by itself, with the same id; what another tab asked is not", async () => {
	const { talk, sockets, shown } = talking();
	talk.send("Hi");
	sockets.last().say(session("t1"));
	const id = idOf(sockets.last().sent[0]);
	sockets.last().say({ type: "typing_start" });
	sockets.last().say({ type: "error", message: "Later", code: "store_unavailable", id });
	sockets.last().say({ type: "typing_stop" });
	assert.deepEqual(shown(), ["> Hi", "paused "]);
	await settle();
	assert.equal(idOf(sockets.last().sent[1]), id);
	sockets.last().say({ type: "typing_start" });
	sockets.last().say(reply("Hello"));
	sockets.last().say({ type: "typing_stop" });
	sockets.last().say({ type: "message", id: "q2", role: "user", content: "From there" });
	sockets.last().say({ type: "typing_start" });
	sockets.last().say({ type: "error", message: "Later", code: "store_unavailable" });
	assert.deepEqual(shown(), ["> Hi", "done Hello", "> From there", "failed "]);
	await settle();
	assert.equal(sockets.last().sent.length, 2);
});

test("a reply that broke off while nobody listened is told with its text, and known by its id", () => {
	const { talk, sockets, shown, store } = talking();
	talk.sync();
	sockets.last().say(session("t1"));
	sockets.last().say({ type: "message", ...ONE });
	sockets.last().say({ type: "typing_start" });
	const broken = reply("Hel", { id: "r1", status: "interrupted" });
	sockets.last().say(broken);
	sockets.last().say({ type: "typing_stop" });
	assert.deepEqual(shown(), ["> One", "failed Hel"]);
	const before = store.get().messages;
	sockets.last().say({ type: "history", messages: [ONE, broken], active: null });
	assert.equal(store.get().messages[2], before[2]);
});

test("a reply that breaks off again and again is begun anew five times, for each message", async () => {
	const { talk, sockets, shown } = talking();
	for (const text of ["One", "Two"]) {
		talk.send(text);
		if (text === "One") sockets.last().say(session("t1"));
		const before = sockets.last().sent.length;
		const id = idOf(sockets.last().sent[before - 1]);
		for (let i = 0; i < 6; i++) {
			assert.equal(sockets.last().sent.length, before + i);
			sockets.last().say({ type: "typing_start" });
			const code = i % 2 ? "interrupted" : "shutting_down";
			sockets.last().say({ type: "error", message: "Again", code, id });
			sockets.last().say({ type: "typing_stop" });
			await settle();
		}
		assert.equal(sockets.last().sent.length, before + 5);
	}
	assert.deepEqual(shown(), ["> One", "failed ", "> Two", "failed "]);
});

test("a reply that broke off is asked for again by the id of its message", () => {
	const { talk, sockets, shown } = talking();
	talk.send("Hi");
	sockets.last().say(session("t1"));
	const id = idOf(sockets.last().sent[0]);
	sockets.last().say({ type: "typing_start" });
	sockets.last().say({ type: "token", token: "Hel" });
	sockets.last().say(reply("Hel", { status: "interrupted" }));
	assert.deepEqual(shown(), ["> Hi", "failed Hel"]);
	talk.retry();
	assert.deepEqual(shown(), ["> Hi", "waiting "]);
	assert.equal(idOf(sockets.last().sent[1]), id);
});

test("whoever would rather not say is asked all the same once a message is refused for it", () => {
	const { talk, sockets, store } = talking({ wish: { ...wish, required: false } });
	talk.skipContact();
	talk.send("Hi");
	sockets.last().say(session("t1"));
	assert.equal(store.get().contact.phase, "hidden");
	sockets.last().say({ type: "error", message: "Who?", code: "contact_required" });
	sockets.last().say(session("t1"));
	assert.equal(store.get().contact.phase, "asked");
});
