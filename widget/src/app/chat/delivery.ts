// Delivers one message and its reply despite lost connections, server restarts and reloads. The
// server makes requests idempotent; this module only repeats them.

import type { Network } from "../net/backoff";
import type { Client, Events } from "../net/client";
import type { ChatEvent } from "../net/events";
import { ChatFailure, type FailureKind, failureFrom, failureOfCode } from "../net/failure";
import { createRetries, isBroken } from "../net/retry";

export interface Order {
	readonly text: string;
	/** null: a message of another tab, whose reply can be resumed but not requested. */
	readonly clientMessageId: string | null;
	/** The reply's id, if known. */
	readonly messageId: string | null;
}

export type Progress =
	| Exclude<ChatEvent, { type: "error" }>
	| { readonly type: "paused"; readonly why: FailureKind };

/** Retrying is only safe if the server supports message ids. */
async function mustKnowIds(client: Client, last: ChatFailure, signal: AbortSignal): Promise<void> {
	if (client.knowsIds() === null) await client.history(signal);
	if (client.knowsIds() === false) throw last;
}

/** Replaces a connection that a network change may have killed. */
function abortOnChange(network: Network, client: Client, outer: AbortSignal) {
	const abort = new AbortController();
	const cancel = () => abort.abort();
	const forgetNetwork = network.onChange(() => client.knowsIds() && cancel());
	outer.addEventListener("abort", cancel);
	if (outer.aborted) cancel();
	return {
		signal: abort.signal,
		end() {
			forgetNetwork();
			outer.removeEventListener("abort", cancel);
		},
	};
}

/** Ends after `done`; throws a ChatFailure after the last attempt. */
export async function* deliver(
	order: Order,
	client: Client,
	network: Network,
	signal: AbortSignal,
): AsyncGenerator<Progress, void, void> {
	const { text, clientMessageId } = order;
	let { messageId } = order;
	let length = 0;
	let longest = 0;
	let last: ChatFailure | null = null;
	const retries = createRetries(network);

	function connect(attempt: AbortSignal): Events {
		if (messageId !== null) return client.resume(messageId, length, attempt);
		if (clientMessageId !== null) return client.ask(text, clientMessageId, attempt);
		throw new ChatFailure("interrupted");
	}

	/** Records what the next attempt needs. */
	function note(event: ChatEvent): Exclude<ChatEvent, { type: "error" }> {
		if (event.type === "error") throw failureOfCode(event.code);
		if (event.type === "start") {
			messageId = event.messageId;
			length = event.position;
		} else if (event.type === "token") {
			length += event.token.length;
			// Repeated text is not progress.
			if (length > longest) retries.reward();
			longest = Math.max(longest, length);
		}
		return event;
	}

	/** Chooses the next attempt; throws if there is none. */
	function accept(failure: ChatFailure): void {
		if (signal.aborted || client.knowsIds() === false) throw failure;
		retries.accept(failure);
		// The sender can restart it under the same id.
		if (isBroken(failure) && clientMessageId !== null) messageId = null;
	}

	for (;;) {
		const attempt = abortOnChange(network, client, signal);
		try {
			if (last) await mustKnowIds(client, last, attempt.signal);
			for await (const event of connect(attempt.signal)) {
				yield note(event);
				if (event.type === "done") return;
			}
		} catch (error) {
			last = failureFrom(error);
			accept(last);
			if (retries.isTried(last)) yield { type: "paused", why: last.kind };
			await retries.wait(last, signal);
		} finally {
			attempt.end();
		}
	}
}
