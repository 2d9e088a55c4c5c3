// The running reply: applies its events to the state and stops it on request.

import type { Network } from "../net/backoff";
import type { Client } from "../net/client";
import { type ChatFailure, type FailureKind, failureFrom, isPassing } from "../net/failure";
import { deliver, type Order, type Progress } from "./delivery";
import type { Outbox } from "./outbox";
import type { Session } from "./session";
import {
	addToken,
	endingOf,
	fail,
	finish,
	pause,
	replyOf,
	type State,
	setStopping,
	start,
} from "./state";
import type { Store } from "./store";

/** How long to wait for the end after a stop request before disconnecting. */
const STOP_MS = 3000;

export interface Parts {
	readonly store: Store<State>;
	readonly client: Client;
	readonly network: Network;
	readonly outbox: Outbox;
	readonly session: Pick<Session, "exists" | "announce">;
	/** Ends the chat on this page; a reply continues on the server. */
	readonly signal?: AbortSignal;
}

export interface Turn {
	/** The reply's key on the page. */
	readonly key: string;
	readonly order: Order;
	readonly abort: AbortController;
	/** The reply's id, once it is known. */
	messageId: string | null;
}

export interface Turns {
	current(): Turn | null;
	/**
	 * Follows the reply until it ends; never rejects. `prepare` runs first and returns whether
	 * there is a reply to follow.
	 */
	listen(turn: Turn, prepare?: (turn: Turn) => Promise<boolean>): Promise<void>;
	stop(): void;
}

export function newTurn(key: string, order: Order): Turn {
	return { key, order, abort: new AbortController(), messageId: order.messageId };
}

function afterProgress(state: State, key: string, event: Progress): State {
	switch (event.type) {
		case "start":
			return start(state, key, event.messageId, event.position);
		case "token":
			return addToken(state, key, event.token);
		case "paused":
			return pause(state, key, event.why);
		case "done":
			return finish(state, key, event.message, endingOf(event.status));
	}
}

export function createTurns({ store, client, network, outbox, session, signal }: Parts): Turns {
	let current: Turn | null = null;
	let stopTimer: ReturnType<typeof setTimeout> | undefined;
	signal?.addEventListener("abort", () => {
		clearTimeout(stopTimer);
		current?.abort.abort();
	});

	/** Stores what is needed to resume this turn after a reload. */
	function keep({ order, messageId }: Turn, failure: FailureKind | null): void {
		const { text, clientMessageId } = order;
		if (clientMessageId === null) return;
		outbox.put({ clientMessageId, text, messageId, failure });
	}

	function close({ order }: Turn): void {
		if (order.clientMessageId === null) return;
		outbox.clear();
		session.announce();
	}

	function take(turn: Turn, event: Progress): void {
		store.update((state) => afterProgress(state, turn.key, event));
		if (event.type !== "start" || event.messageId === turn.messageId) return;
		turn.messageId = event.messageId;
		keep(turn, null);
		if (turn.order.clientMessageId !== null) session.announce();
		if (store.get().stopping) void askToStop(turn);
	}

	function giveUp(turn: Turn, failure: ChatFailure): void {
		if (turn.abort.signal.aborted) {
			store.update((state) => finish(state, turn.key, "", "stopped"));
			close(turn);
			return;
		}
		store.update((state) => fail(state, turn.key, failure.kind));
		// A temporary failure may be retried automatically when the visitor returns.
		const passes = isPassing(failure) && failure.kind !== "interrupted";
		keep(turn, passes ? null : failure.kind);
	}

	/** Finds the reply's id in the history if the stream has not sent it yet. */
	async function findId({ order, messageId }: Turn): Promise<string | null> {
		if (messageId !== null || client.knowsIds() === false) return messageId;
		const history = await client.history();
		const asked = history?.messages.filter(({ role }) => role === "user").pop();
		return history && asked?.content === order.text ? history.active : null;
	}

	/** Requests a stop; the stream delivers the end. */
	async function askToStop(turn: Turn): Promise<void> {
		try {
			const id = await findId(turn);
			if (id !== null) await client.stop(id);
		} catch {
			// The server cannot be reached: disconnecting has to suffice.
		}
	}

	return {
		current: () => current,
		async listen(turn, prepare) {
			current = turn;
			try {
				if (prepare && !(await prepare(turn))) return;
				for await (const event of deliver(turn.order, client, network, turn.abort.signal)) {
					take(turn, event);
				}
				close(turn);
			} catch (error) {
				giveUp(turn, failureFrom(error));
			} finally {
				current = null;
			}
		},
		stop() {
			if (!current || store.get().stopping) return;
			const { key, abort } = current;
			store.update(setStopping);
			void askToStop(current);
			const isHeard = client.knowsIds() !== false && replyOf(store.get(), key)?.phase !== "paused";
			stopTimer = setTimeout(() => abort.abort(), isHeard ? STOP_MS : 0);
		},
	};
}
