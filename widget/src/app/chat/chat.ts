// The conversation: sends one message at a time, and restores the history after a reload or from
// another tab.

import { ChatFailure, isSpent } from "../net/failure";
import { fetchHistory } from "./fetch-history";
import type { History } from "./history";
import type { Sending } from "./outbox";
import { randomId } from "./session";
import { ask, askAgain, forget, lastFailed, pause, replyKey, replyOf } from "./state";
import { adopt, mineOf } from "./transcript";
import { createTurns, newTurn, type Parts, type Turn } from "./turn";

/** The longest message that the API accepts, in UTF-16 code units. */
export const MAX_MESSAGE = 4000;

export interface Chat {
	/** Returns false if the message cannot be sent: empty, too long, or a reply is running. */
	send(text: string): boolean;
	/**
	 * Sends the last message again after its reply failed; ends the pause if a retry is scheduled.
	 */
	retry(): void;
	/** Stops the running reply. */
	stop(): void;
	/** Loads the history and resumes a reply that this or another tab started. */
	sync(): void;
}

export function createChat(parts: Parts): Chat {
	const { store, client, network, outbox, session } = parts;
	const turns = createTurns(parts);
	/** A history request is running. */
	let syncing = false;
	/** The page may lack messages. */
	let stale = false;

	async function listen(turn: Turn, prepare?: (turn: Turn) => Promise<boolean>): Promise<void> {
		await turns.listen(turn, prepare);
		if (stale) await sync();
	}

	function order({ clientMessageId, text, messageId }: Sending): Turn {
		return newTurn(replyKey(clientMessageId), { clientMessageId, text, messageId });
	}

	function show(history: History): void {
		const sending = outbox.get();
		store.update((state) => adopt(state, history, sending && mineOf(state, sending)));
	}

	/** Resumes the pending message after a reload or a long pause. */
	async function restore(sending: Sending, turn: Turn): Promise<boolean> {
		const { clientMessageId, text } = sending;
		const wasShown = replyOf(store.get(), turn.key) !== null;
		store.update((state) => askAgain(state, turn.key));
		// After a reload, wait for the history before showing anything, unless it is slow.
		const history = await fetchHistory(client, network, turn.abort.signal, (why) => {
			store.update((state) => {
				const asked = replyOf(state, turn.key) ? state : ask(state, clientMessageId, text);
				return pause(asked, turn.key, why);
			});
		});
		if (!history && wasShown) throw new ChatFailure("unreachable");
		if (!history) {
			outbox.clear();
			store.update((state) => forget(state, clientMessageId));
			return false;
		}
		show(history);
		const phase = replyOf(store.get(), turn.key)?.phase;
		if (phase !== "done" && phase !== "stopped" && phase !== "cut") return true;
		outbox.clear();
		return false;
	}

	/** A reply to a message that is not in this tab's outbox. */
	function follow(messageId: string): void {
		const reply = store
			.get()
			.messages.find((one) => one.role === "assistant" && one.id === messageId);
		if (!reply) return;
		void listen(newTurn(reply.key, { clientMessageId: null, text: "", messageId }));
	}

	async function sync(): Promise<void> {
		stale = turns.current() !== null || syncing;
		if (stale || !session.exists() || client.knowsIds() === false) return;
		const sending = outbox.get();
		if (sending && sending.failure === null) {
			// Its message was found by text: match again when the id is known.
			stale = sending.messageId === null;
			await listen(order(sending), (turn) => restore(sending, turn));
			return;
		}
		syncing = true;
		try {
			const history = await fetchHistory(client, network);
			if (!history) return;
			show(history);
			if (history.active !== null && !turns.current()) follow(history.active);
		} catch {
			// Keep what is shown until the next sync.
		} finally {
			syncing = false;
		}
		if (stale && !turns.current()) await sync();
	}

	function send(text: string): boolean {
		const message = text.trim();
		if (message === "" || message.length > MAX_MESSAGE || turns.current()) return false;
		const clientMessageId = randomId();
		const sending = { clientMessageId, text: message, messageId: null, failure: null };
		store.update((state) => ask(state, clientMessageId, message));
		outbox.put(sending);
		void listen(order(sending));
		return true;
	}

	function retry(): void {
		if (turns.current()) {
			network.wake();
			return;
		}
		const failed = lastFailed(store.get());
		const sending = outbox.get();
		if (!failed) return;
		const { question, reply } = failed;
		if (sending?.clientMessageId !== question.key) {
			send(question.text);
		} else if (isSpent(reply.failure)) {
			store.update((state) => forget(state, question.key));
			send(question.text);
		} else {
			store.update((state) => askAgain(state, reply.key));
			const again = { ...sending, messageId: null, failure: null };
			outbox.put(again);
			void listen(order(again));
		}
	}

	return { send, retry, stop: turns.stop, sync: () => void sync() };
}
