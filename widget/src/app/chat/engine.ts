// The conversation with the server: applies its frames to the state, and sends the visitor's messages in order,
// each until its reply has come. One tab of the browser runs it (share.ts).

import type { Conversation } from "../conversation";
import type { Network } from "../net/backoff";
import type { Frame } from "../net/carrier";
import { type ConnectionParts, createConnection } from "../net/connection";
import { ChatFailure, type FailureKind, failureOfCode, isSpent, isUnsent } from "../net/failure";
import { createRetries } from "../net/retry";
import { type ContactParts, createContact } from "./contact";
import { type Refusal, readFrame, type ServerFrame } from "./frames";
import type { History } from "./history";
import { createPeople } from "./people";
import type { Queue, Sending } from "./queue";
import { randomId } from "./session";
import {
	addToken,
	ask,
	type Ending,
	enqueue,
	fail,
	fileIds,
	finish,
	forget,
	hasEnded,
	hearPerson,
	insert,
	isLive,
	lastFailed,
	type Message,
	newReply,
	type Person,
	patch,
	type Question,
	questionOf,
	type Reply,
	raise,
	replyAt,
	replyKey,
	replyOf,
	running,
	type State,
	saidIn,
	setRating,
	setSent,
	setUnsent,
	start,
	type Wish,
	withReply,
} from "./state";
import type { Tokens } from "./tokens";
import { adopt, mineOf, prepend } from "./transcript";

export interface Engine extends Omit<Conversation, "send" | "draft" | "filesUrl"> {
	/** Accepts a message; the same one again changes nothing. */
	send(sending: Sending): void;
	/** Loads the history and follows the running reply. */
	sync(): void;
}

export interface EngineParts extends ConnectionParts, ContactParts {
	readonly network: Network;
	readonly queue: Queue;
	readonly tokens: Tokens;
}

/** How long a history may take. */
const EMPTY_MS = 1000;
/** A stop request without a response counts as stopped after this time. */
const STOP_MS = 3000;
/** The server hears of the visitor's typing at most this often. */
const TYPING_MS = 3000;

/** The running or pending reply. */
function liveReply(state: State): Reply | null {
	return state.messages.find(isLive) ?? null;
}

export function createEngine(parts: EngineParts): Engine {
	const { store, network, queue, tokens, signal } = parts;
	let stopTimer: ReturnType<typeof setTimeout> | undefined;
	let emptyTimer: ReturnType<typeof setTimeout> | undefined;
	signal?.addEventListener("abort", () => {
		clearTimeout(stopTimer);
		clearTimeout(emptyTimer);
	});
	/** Those of the first message of the queue. */
	let retries = createRetries(network);
	/** The token of this connection; null: none yet. */
	let token: string | null = null;
	/** The server has sent the history: messages may be sent. */
	let ready = false;
	let tried = 0;
	/** The message that was sent on this connection. */
	let sent: string | null = null;
	/** The reply that is running on the server; it may have ended here. */
	let typing: string | null = null;
	/** What has come again of a reply that the server repeats; null: it does not. */
	let repeated: string | null = null;
	/** The first message of the queue has come back: it is stored. */
	let isBack = false;
	let typedAt = 0;
	/** What the page has said about the visitor and itself, by kind: told again on each connection. */
	const about = new Map<string, Frame>();
	/** What the visitor has decided and the server has not answered, by step. One is sent at a time, so the first is answered. */
	const decisions = new Map<unknown, Frame>();
	const people = createPeople(store, signal);
	const contact = createContact(parts, (frame) => connection.send(frame));

	const connection = createConnection(parts, {
		opening() {
			token = tokens.get();
		},
		frame(value) {
			const frame = readFrame(value);
			if (frame) (readers[frame.type] as (frame: ServerFrame) => void)(frame);
		},
		disowned: () => tokens.drop(token),
		lost(isDead) {
			disconnect();
			const isShort = ++tried <= 1 && !isDead;
			if (isShort && !network.isOffline()) return;
			showLine("lost");
			const live = liveReply(store.get());
			if (live) change(live.key, { phase: "paused", failure: "unreachable" });
			contact.wait();
		},
		ended() {
			disconnect();
			// The line says it for all messages, which go out when the widget is back.
			set({ line: "gone", stopping: false });
			const live = liveReply(store.get());
			if (live) change(live.key, { phase: "paused", failure: "unreachable" });
			contact.giveUp();
		},
	});

	function disconnect(): void {
		ready = false;
		typing = null;
		sent = null;
		clearTimeout(emptyTimer);
		if (store.get().older === "loading") set({ older: "some" });
	}

	function set(change: Partial<State>): void {
		store.update((state) => patch(state, change));
	}

	function change(key: string, more: Partial<Reply>): void {
		store.update((state) => withReply(state, key, more));
	}

	function showLine(line: State["line"]): void {
		set({ line: network.isOffline() ? "offline" : line });
	}

	/** The browser says that the network has come or gone. */
	network.onSwitch(() => {
		const { line } = store.get();
		showLine(ready ? "up" : line === "offline" ? "lost" : line);
	});

	/** The message of the queue, if this is its reply. */
	function sendingOf(key: string): Sending | null {
		const [first] = queue.get();
		return first && replyKey(first.clientMessageId) === key ? first : null;
	}

	/** The first message of the queue needs no reply any more. */
	function shift(key: string): void {
		const sending = sendingOf(key);
		if (!sending) return;
		queue.remove(sending.clientMessageId);
		retries = createRetries(network);
		isBack = false;
	}

	/** The reply has ended: its message need not be sent again. */
	function end(key: string, text: string, phase: Ending, id?: string, more?: Partial<Reply>): void {
		shift(key);
		store.update((state) => finish(state, key, text, phase, id, more));
		post();
	}

	/** From now on only the visitor can retry; the other messages wait for that. */
	function giveUp(key: string, failure: FailureKind): void {
		const sending = sendingOf(key);
		if (sending) queue.put({ ...sending, failure });
		store.update((state) => fail(state, key, failure));
	}

	/** Retries a temporary failure after a delay. */
	async function tryLater(key: string, failure: ChatFailure): Promise<void> {
		const sending = sendingOf(key);
		try {
			if (!sending) throw failure;
			retries.accept(failure);
		} catch {
			giveUp(key, failure.kind);
			post();
			return;
		}
		change(key, { phase: "paused", failure: failure.kind });
		if (failure.kind === "too_many" && sending)
			store.update((state) => setUnsent(state, sending.clientMessageId));
		if (key === typing) typing = null;
		await retries.wait(failure);
		sent = null;
		if (replyOf(store.get(), key)?.phase === "paused") post();
	}

	/** Sends the first message of the queue, unless another reply is running. */
	function post(): void {
		const [first] = queue.get();
		if (!first || first.failure !== null) return;
		const { clientMessageId: id, text: content, asksPerson } = first;
		const live = liveReply(store.get());
		if (live && live.key !== replyKey(id)) return;
		store.update((state) => raise(state, id));
		if (!ready || sent === id) return;
		if (contact.isMissing()) {
			giveUp(replyKey(id), "nameless");
			return;
		}
		const message = {
			type: asksPerson === true ? "person" : "message",
			content,
			id,
			// Without a WebSocket, a session of a key begins with its first message.
			identity: about.get("identify"),
			context: about.get("context")?.context,
			// An answer has its own type; the files of a message from the history have none.
			...Object(asksPerson),
			files: fileIds(asksPerson),
		};
		if (!connection.send(message)) return;
		sent = id;
		store.update((state) => setSent(state, id));
	}

	function describe(frame: Frame): void {
		about.set(frame.type, frame);
		if (ready) connection.send(frame);
	}

	function greet({
		token: given,
		contactSubmitted,
	}: {
		token: string;
		contactSubmitted: boolean;
	}): void {
		const isNew = given !== token;
		token = given;
		tokens.put(given);
		set({ visitor: given });
		tried = 0;
		showLine("up");
		contact.wonder(contactSubmitted);
		// Otherwise a history frame follows, except for a session that the server does not know.
		if (isNew) recall({ messages: [], active: null, more: false, before: null });
		else emptyTimer = setTimeout(enter, EMPTY_MS);
	}

	/** The history has come, or there is none. */
	function enter(): void {
		clearTimeout(emptyTimer);
		ready = true;
		for (const frame of about.values()) connection.send(frame);
		decideNext();
		contact.tell();
		post();
		askSteps();
	}

	/** A repeated decision changes nothing. */
	function decideNext(): void {
		const [frame] = decisions.values();
		if (ready && frame) connection.send(frame);
	}

	/** `id`: the step's; without one it is the first that is answered. */
	function hearDecision(id: unknown = [...decisions.keys()][0]): void {
		decisions.delete(id);
		askSteps();
		decideNext();
	}

	const deciding = () => ({ deciding: [...decisions.keys()] });

	/** What waits for a decision, if anything does or did; a WebSocket tells of changes, too. */
	function askSteps(): void {
		const waits = (one: Message) => Object(Object(Object(one).basis).structure).waits;
		if (store.get().messages.some(waits)) connection.send({ type: "steps" });
	}

	function recall(history: History): void {
		if (history.before !== null) {
			store.update((state) => prepend(state, history));
			askSteps();
			return;
		}
		const [first, ...others] = queue.get();
		isBack = false;
		// Its reply comes without that. Once more, it would come when the next message already waits for its own.
		const newest = history.messages.filter(({ role }) => role === "user").pop();
		if (first && history.active && saidIn(newest) === saidIn(questionOf(first)))
			sent = first.clientMessageId;
		store.update((state) => adopt(state, history, first ? mineOf(state, first) : null));
		if (first?.failure === null) {
			const key = replyKey(first.clientMessageId);
			store.update((state) => start(state, key, null, Number.POSITIVE_INFINITY));
		}
		for (const one of others) store.update((state) => enqueue(state, one));
		people.expect();
		enter();
	}

	/** The reply that a frame belongs to: the pending one, or one to a message of another tab. */
	function target(): string {
		const live = liveReply(store.get());
		if (live) return live.key;
		const failed = lastFailed(store.get());
		if (failed) {
			change(failed.reply.key, running(""));
			return failed.reply.key;
		}
		const reply = newReply(replyKey(randomId()));
		store.update((state) => insert(state, reply));
		return reply.key;
	}

	/** The reply that tokens are appended to. */
	function typedReply(): Reply | null {
		const live = liveReply(store.get());
		return live?.key === typing ? live : null;
	}

	/**
	 * Whether this reply is complete on screen: sending a message again streams its reply again.
	 */
	function isShown(id: string): boolean {
		const { messages } = store.get();
		const shown = messages[replyAt(messages, id)];
		return shown?.role === "assistant" && hasEnded(shown);
	}

	/** Removes a reply that is shown elsewhere, and its message if this tab has sent it. */
	function drop({ key }: Reply): void {
		const sending = sendingOf(key);
		shift(key);
		store.update((state) => forget(state, sending?.clientMessageId ?? key));
		post();
	}

	/** A message of the visitor: without a WebSocket, also that which was sent from here. */
	function hearVisitor(question: Question): void {
		const { key, at } = question;
		const [first] = queue.get();
		const isMine =
			!isBack && first && saidIn(question) === saidIn(questionOf(first)) && !first.failure;
		if (first && isMine && ready && replyOf(store.get(), replyKey(first.clientMessageId))) {
			isBack = true;
			store.update((state) => setSent(state, first.clientMessageId, at));
		} else if (!store.get().messages.some((one) => one.key === key)) {
			store.update((state) => ask(state, question));
		}
	}

	/** A person's message is a reply to no message in particular. */
	function hearOperator(message: Reply): void {
		const live = typedReply();
		people.wrote();
		typing = null;
		if (live && live.id === null && !sendingOf(live.key) && live.text === "")
			store.update((state) => forget(state, live.key));
		store.update((state) => hearPerson(state, message));
	}

	function hear(message: Message): void {
		if (message.role === "user") {
			hearVisitor(message);
			return;
		}
		const { key: id, text, phase, author, at, basis } = message;
		if (isShown(id)) {
			const live = typedReply();
			if (live) drop(live);
			return;
		}
		if (author) {
			hearOperator(message);
			return;
		}
		const key = typing ?? target();
		if (phase === "failed") {
			store.update((state) => withReply(start(state, key, id, 0), key, running(text)));
			giveUp(key, "interrupted");
			return;
		}
		end(key, text, phase as Ending, id, { at, basis });
	}

	/** A person will read the message: no reply follows. */
	function handOver({ state, person }: { state: string; person: Person }): void {
		people.take(state, person);
		const live = typedReply() ?? liveReply(store.get());
		typing = null;
		if (!live || state !== "person") return;
		shift(live.key);
		store.update((now) => forget(now, live.key));
		post();
	}

	function complain(refusal: Refusal): void {
		const { code, id, retryAfterMs } = refusal;
		const { kind } = failureOfCode(code);
		if (store.get().older === "loading" && /^(not_found|history_pending)$/.test(code)) {
			set({ older: code === "not_found" ? "none" : "some" });
			return;
		}
		// While a reply runs, an error without a message id may concern it, depending on its code.
		const isOther = id === null && (typing === null || /contact|rate_/.test(code));
		// One of the frames that come without an id was refused, perhaps the decision: once more does no harm.
		if (isOther && kind === "too_many" && decisions.size && retryAfterMs)
			void network.pause(retryAfterMs, 0).then(decideNext);
		// A rate-limited stop was not executed.
		if (isOther && kind === "too_many" && (!contact.isBusy() || store.get().stopping)) return;
		if (isOther && contact.isBusy()) {
			if (kind === "too_many" && retryAfterMs !== null) {
				contact.wait(kind);
				void network.pause(retryAfterMs, 0).then(() => ready && contact.tell());
			} else contact.refused(refusal);
			return;
		}
		// What the page has said about the visitor, or a decision, is refused, which concerns no reply.
		if (/step_[no]/.test(code)) hearDecision();
		if (/contact_[np]|d_contact|identity|step_/.test(code)) return;
		const heard = typing ?? liveReply(store.get())?.key ?? "";
		const reply = replyOf(store.get(), id === null ? heard : replyKey(id));
		if (reply && isLive(reply)) void tryLater(reply.key, new ChatFailure(kind, retryAfterMs));
		if (kind === "nameless") contact.need();
	}

	function begin(): void {
		const key = target();
		typing = key;
		store.update((state) => start(state, key, null, Number.POSITIVE_INFINITY));
		repeated = typedReply()?.text ? "" : null;
	}

	/** A reply that was stopped before its first token is not stored. */
	function cease(): void {
		const live = typedReply();
		typing = null;
		if (live) end(live.key, "", "stopped");
	}

	/** The text on the page shall only grow, unless the reply has become another one. */
	function grow(text: string): void {
		const live = typedReply();
		if (!live) return;
		if (repeated === null) {
			store.update((state) => addToken(state, live.key, text));
			return;
		}
		const whole = repeated + text;
		repeated = live.text.startsWith(whole) ? whole : null;
		if (repeated === null) change(live.key, running(whole));
	}

	const readers: {
		[T in ServerFrame["type"]]: (frame: Extract<ServerFrame, { type: T }>) => void;
	} = {
		session: greet,
		history: recall,
		token: ({ token }) => grow(token),
		message({ message }) {
			hear(message);
			askSteps();
		},
		steps: ({ steps }) => set({ steps, ...deciding() }),
		step: ({ id }) => hearDecision(id),
		typing_start: begin,
		typing_stop: cease,
		operator: ({ state, person }) => people.take(state, person),
		handover: handOver,
		error: complain,
		contact_info_saved() {
			contact.saved();
			// Messages that were refused without contact details can be sent now.
			if (lastFailed(store.get())?.reply.failure === "nameless") retry();
		},
	};

	/** Once more, with the same id. */
	function sendAgain(sending: Sending): void {
		retries = createRetries(network);
		sent = null;
		queue.put({ ...sending, failure: null });
		change(replyKey(sending.clientMessageId), running(""));
		post();
	}

	function send(sending: Sending): void {
		const { clientMessageId } = sending;
		if (store.get().messages.some(({ key }) => key === clientMessageId)) return;
		if (sending.asksPerson === true) interrupt();
		const [first] = queue.get();
		const again = first?.failure && isUnsent(first.failure) ? first : null;
		// The visitor writes on in place of another attempt.
		if (first?.failure && !again) shift(replyKey(first.clientMessageId));
		queue.put(sending);
		store.update((state) => enqueue(state, sending));
		connection.want();
		if (again) sendAgain(again);
		else post();
	}

	function retry(): void {
		const failed = lastFailed(store.get());
		connection.want();
		if (!failed) return;
		const { question, reply } = failed;
		const sending = sendingOf(reply.key);
		if (!sending || isSpent(reply.failure)) {
			shift(reply.key);
			if (sending) store.update((state) => forget(state, question.key));
			send({
				clientMessageId: randomId(),
				text: question.text,
				asksPerson: question.answer as Wish,
				failure: null,
			});
			return;
		}
		sendAgain(sending);
	}

	/** A visitor who wants a person does not wait for a model that writes, or that does not answer. */
	function interrupt(): void {
		const live = liveReply(store.get());
		if (live?.failure === "busy") giveUp(live.key, "busy");
		else stop();
		const [first] = queue.get();
		if (first?.failure === "busy") shift(replyKey(first.clientMessageId));
	}

	function stop(): void {
		const live = liveReply(store.get());
		if (!live || store.get().stopping) return;
		set({ stopping: true });
		const isHeard = connection.send({ type: "stop" });
		const give = () => {
			if (liveReply(store.get())?.key === live.key) end(live.key, "", "stopped");
		};
		if (isHeard) stopTimer = setTimeout(give, STOP_MS);
		else give();
	}

	function loadOlder(): void {
		const [, first] = store.get().messages;
		const before = first?.role === "assistant" ? first.id : first?.key;
		if (store.get().older !== "some" || !ready || !before) return;
		if (connection.send({ type: "history", before })) set({ older: "loading" });
	}

	// Without a token the server cannot recognize the visitor.
	if (tokens.get() === null) contact.wonder(false);
	return {
		send,
		retry,
		stop,
		sync: connection.want,
		introduce(given) {
			contact.introduce(given);
			connection.want();
			if (ready) contact.tell();
		},
		identify: (identity) => describe({ ...identity, type: "identify" }),
		describe: (context) => describe({ type: "context", context }),
		decide(decision) {
			// As with a message: without a WebSocket, the server does not remember.
			decisions.set(decision.id, { ...decision, identity: about.get("identify") });
			set(deciding());
			if (decisions.size < 2) decideNext();
		},
		loadOlder,
		rate(id, rating, comment) {
			connection.send({
				type: "rating",
				id,
				rating: rating ?? "none",
				...(comment && { comment }),
			});
			store.update((state) => setRating(state, id, rating));
		},
		type() {
			if (!ready || Date.now() - typedAt < TYPING_MS) return;
			typedAt = Date.now();
			connection.send({ type: "typing" });
		},
		skipContact: contact.skip,
		forget() {
			tokens.drop(tokens.get());
			queue.clear();
			about.clear();
			decisions.clear();
			const messages = store.get().messages.slice(0, 1);
			set({ messages, older: "none", stopping: false, visitor: null });
			connection.renew();
		},
	};
}
