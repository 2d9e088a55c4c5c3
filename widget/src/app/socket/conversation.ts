// The conversation over a widget's WebSocket: applies the server's history and running reply to the
// state, and repeats the visitor's message until the server has it.

import { MAX_MESSAGE } from "../chat/chat";
import type { History, StoredMessage } from "../chat/history";
import type { Outbox, Sending } from "../chat/outbox";
import { randomId } from "../chat/session";
import {
	addToken,
	ask,
	askAgain,
	type Contact,
	type Ending,
	endingOf,
	fail,
	finish,
	forget,
	hasEnded,
	isLive,
	lastFailed,
	newReply,
	pause,
	type Reply,
	replyKey,
	replyOf,
	type State,
	setContact,
	setStopping,
	start,
} from "../chat/state";
import type { Store } from "../chat/store";
import { adopt, mineOf } from "../chat/transcript";
import type { Conversation } from "../conversation";
import type { Network } from "../net/backoff";
import { type ChatFailure, type FailureKind, failureOfCode, isSpent } from "../net/failure";
import { createRetries } from "../net/retry";
import type { ContactWish } from "../settings";
import type { Details } from "../ui/contact";
import { failureText, pauseText, type Words } from "../words";
import { type ConnectionParts, createConnection } from "./connection";
import type { ClientFrame, Refusal, ServerFrame } from "./frames";
import type { Tokens } from "./tokens";

export interface SocketConversation extends Omit<Conversation, "forget"> {
	/** Loads the history and follows the running reply. */
	sync(): void;
}

export interface SocketConversationParts extends ConnectionParts {
	readonly store: Store<State>;
	readonly network: Network;
	readonly outbox: Outbox;
	readonly tokens: Tokens;
	readonly words: Words;
	readonly wish: ContactWish | null;
	/** Whether the visitor declined to give contact details. */
	readonly shyness: { get(): boolean; put(): void };
	readonly address: (token: string | null) => string;
}

/** A stop request without a response counts as stopped after this time. */
const STOP_MS = 3000;

/** The running or pending reply. */
function liveReply(state: State): Reply | null {
	return state.messages.find(isLive) ?? null;
}

export function createSocketConversation(parts: SocketConversationParts): SocketConversation {
	const { store, network, outbox, tokens, words, wish, shyness, signal } = parts;
	let stopTimer: ReturnType<typeof setTimeout> | undefined;
	signal?.addEventListener("abort", () => clearTimeout(stopTimer));
	/** The same, with the message in the outbox. */
	let retries = createRetries(network);
	/** The token of this connection; null: none yet. */
	let token: string | null = null;
	/** The server has sent the history: messages may be sent. */
	let ready = false;
	let tried = 0;
	/** The reply that is running on the server; it may have ended here. */
	let typing: string | null = null;
	/** Contact details that the server has not confirmed yet. */
	let details: Details | null = null;
	/** What the page has said about the visitor and itself, by kind: told again on each connection. */
	const about = new Map<string, ClientFrame>();

	const connection = createConnection(parts, {
		address() {
			token = tokens.get();
			return parts.address(token);
		},
		frame: take,
		disowned: () => tokens.drop(token),
		awaits: () => details !== null || liveReply(store.get()) !== null,
		lost() {
			ready = false;
			typing = null;
			if (++tried <= 1 && !network.isOffline()) return;
			const live = liveReply(store.get());
			if (live) store.update((state) => pause(state, live.key, "unreachable"));
			if (details) showContact("sending", pauseText(words, "unreachable"));
		},
		ended() {
			for (let live = liveReply(store.get()); live; live = liveReply(store.get())) {
				giveUp(live.key, "denied");
			}
			if (details) showContact("asked", failureText(words, "denied"));
			details = null;
		},
	});

	/** The message in the outbox, if this is its reply. */
	function sendingOf(key: string): Sending | null {
		const sending = outbox.get();
		return sending && replyKey(sending.clientMessageId) === key ? sending : null;
	}

	/** The reply has ended: its message need not be sent again. */
	function end(key: string, text: string, phase: Ending, id?: string): void {
		if (sendingOf(key)) outbox.clear();
		store.update((state) => finish(state, key, text, phase, id));
	}

	/** From now on only the visitor can retry. */
	function giveUp(key: string, failure: FailureKind): void {
		const sending = sendingOf(key);
		store.update((state) => fail(state, key, failure));
		if (sending) outbox.put({ ...sending, failure });
	}

	/** Retries a temporary failure after a delay. */
	async function tryLater(key: string, failure: ChatFailure): Promise<void> {
		try {
			if (!sendingOf(key)) throw failure;
			retries.accept(failure);
		} catch {
			giveUp(key, failure.kind);
			return;
		}
		store.update((state) => pause(state, key, failure.kind));
		if (key === typing) typing = null;
		await retries.wait(failure);
		if (replyOf(store.get(), key)?.phase === "paused") post();
	}

	/** Sends what the server has not confirmed. */
	function post(): void {
		const sending = outbox.get();
		if (!ready || !sending || sending.failure !== null) return;
		connection.send({ type: "message", content: sending.text, id: sending.clientMessageId });
	}

	function showContact(phase: Contact["phase"], problem = ""): void {
		store.update((state) => setContact(state, phase, problem));
	}

	function describe(frame: ClientFrame): void {
		about.set(frame.type, frame);
		if (ready) connection.send(frame);
	}

	function tell(): void {
		if (!ready || !details) return;
		showContact("sending");
		connection.send({ type: "contact_info", ...details });
	}

	/** Asks for contact details, unless they are known, being submitted, or not wanted. */
	function wonder(isKnown: boolean): void {
		if (!wish) return;
		const { phase } = store.get().contact;
		if (isKnown) {
			details = null;
			showContact("saved");
		} else if (phase !== "asked" && phase !== "sending") {
			showContact(shyness.get() && !wish.required ? "hidden" : "asked");
		}
	}

	function greet(given: string, isKnown: boolean): void {
		const isNew = given !== token;
		token = given;
		tokens.put(given);
		tried = 0;
		wonder(isKnown);
		// Otherwise a history frame follows.
		if (isNew) recall({ messages: [], active: null });
	}

	function recall(history: History): void {
		const sending = outbox.get();
		ready = true;
		// No later history may correct a wrong guess.
		store.update((state) => adopt(state, history, sending && mineOf(state, sending), false));
		if (sending?.failure === null) {
			const key = replyKey(sending.clientMessageId);
			store.update((state) => start(state, key, null, Number.POSITIVE_INFINITY));
		}
		for (const frame of about.values()) connection.send(frame);
		tell();
		post();
	}

	/** The reply that a frame belongs to: the pending one, or one to a message of another tab. */
	function target(): string {
		const live = liveReply(store.get());
		if (live) return live.key;
		const [last] = store.get().messages.slice(-1);
		if (last?.role === "assistant" && last.phase === "failed") {
			store.update((state) => askAgain(state, last.key));
			return last.key;
		}
		const reply = newReply(replyKey(last?.key ?? randomId()));
		store.update((state) => ({ ...state, messages: [...state.messages, reply] }));
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
		return store
			.get()
			.messages.some((one) => one.role === "assistant" && one.id === id && hasEnded(one));
	}

	function hear({ id, role, content, status }: StoredMessage): void {
		if (role === "user") {
			store.update((state) => ask(state, id, content));
			return;
		}
		if (isShown(id)) {
			const live = typedReply();
			if (!live) return;
			const sending = sendingOf(live.key);
			if (sending) outbox.clear();
			store.update((state) => forget(state, sending?.clientMessageId ?? live.key));
			return;
		}
		const key = typing ?? target();
		if (status === "interrupted") {
			store.update((state) => addToken(start(state, key, id, 0), key, content));
			giveUp(key, status);
			return;
		}
		end(key, content, endingOf(status), id);
	}

	function complain({ code, id, message, fields }: Refusal): void {
		const failure = failureOfCode(code);
		// While a reply runs, an error without a message id may concern it, depending on its code.
		const isOther = id === null && (typing === null || /contact|rate_/.test(code));
		// A rate-limited stop was not executed.
		if (isOther && failure.kind === "too_many" && (!details || store.get().stopping)) return;
		if (isOther && details) {
			details = null;
			const wrong = wish?.fields.filter((field) => fields.includes(field)) ?? [];
			// The required fields may have changed since the page was loaded.
			if (code === "contact_not_asked") showContact("hidden");
			else store.update((now) => setContact(now, "asked", message, wrong));
			return;
		}
		const heard = typing ?? liveReply(store.get())?.key ?? "";
		const reply = replyOf(store.get(), id === null ? heard : replyKey(id));
		if (reply && isLive(reply)) void tryLater(reply.key, failure);
		if (failure.kind === "nameless" && wish && !details) showContact("asked");
	}

	function begin(): void {
		const key = target();
		typing = key;
		store.update((state) => start(state, key, null, 0));
	}

	/** A reply that was stopped before its first token is not stored. */
	function cease(): void {
		const live = typedReply();
		typing = null;
		if (live) end(live.key, "", "stopped");
	}

	function grow(text: string): void {
		const live = typedReply();
		if (live) store.update((state) => addToken(state, live.key, text));
	}

	function take(frame: ServerFrame): void {
		switch (frame.type) {
			case "session":
				greet(frame.token, frame.contactSubmitted);
				break;
			case "history":
				recall(frame);
				break;
			case "typing_start":
				begin();
				break;
			case "token":
				grow(frame.token);
				break;
			case "message":
				hear(frame);
				break;
			case "contact_info_saved":
				wonder(true);
				// Messages that were refused without contact details can be sent now.
				if (lastFailed(store.get())?.reply.failure === "nameless") retry();
				break;
			case "error":
				complain(frame);
				break;
			case "typing_stop":
				cease();
				break;
		}
	}

	function deliver(sending: Sending): void {
		outbox.put(sending);
		retries = createRetries(network);
		connection.want();
		post();
	}

	function send(text: string): boolean {
		const message = text.trim();
		if (message === "" || message.length > MAX_MESSAGE || liveReply(store.get())) return false;
		const clientMessageId = randomId();
		store.update((state) => ask(state, clientMessageId, message));
		deliver({ clientMessageId, text: message, messageId: null, failure: null });
		return true;
	}

	function retry(): void {
		const failed = lastFailed(store.get());
		if (!failed) {
			connection.want();
			return;
		}
		const { question, reply } = failed;
		const sending = sendingOf(reply.key);
		if (sending && !isSpent(reply.failure)) {
			store.update((state) => askAgain(state, reply.key));
			deliver({ ...sending, failure: null });
		} else {
			if (sending) store.update((state) => forget(state, question.key));
			send(question.text);
		}
	}

	function stop(): void {
		const live = liveReply(store.get());
		if (!live || store.get().stopping) return;
		store.update(setStopping);
		const isHeard = connection.send({ type: "stop" });
		const give = () => {
			if (liveReply(store.get())?.key === live.key) end(live.key, "", "stopped");
		};
		if (isHeard) stopTimer = setTimeout(give, STOP_MS);
		else give();
	}

	// Without a token the server cannot recognize the visitor.
	if (tokens.get() === null) wonder(false);
	return {
		send,
		retry,
		stop,
		sync: () => connection.want(),
		introduce(given) {
			details = given;
			showContact("sending");
			connection.want();
			tell();
		},
		identify: (identity) => describe({ ...identity, type: "identify" }),
		describe: (context) => describe({ type: "context", context }),
		loadOlder: () => undefined,
		rate: () => undefined,
		type: () => undefined,
		skipContact() {
			shyness.put();
			showContact("hidden");
		},
	};
}
