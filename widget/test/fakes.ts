// Stored messages, a client that plays a script, and a network whose pauses end at once.

import type { History, StoredMessage } from "../src/app/chat/history";
import type { Network } from "../src/app/net/backoff";
import type { Client, Events } from "../src/app/net/client";
import type { ChatEvent } from "../src/app/net/events";
import { ChatFailure } from "../src/app/net/failure";

export type Step = ChatEvent | Error | "hang";

export const start = (messageId: string | null, position = 0): ChatEvent => ({
	type: "start",
	messageId,
	position,
});
export const token = (text: string): ChatEvent => ({ type: "token", token: text });
export const done = (message: string, status: "complete" | "stopped" = "complete"): ChatEvent => ({
	type: "done",
	message,
	status,
});
export const error = (code: string): ChatEvent => ({ type: "error", code });

export const user = (id: string, content: string): StoredMessage => ({
	id,
	role: "user",
	content,
	status: "complete",
});
export const bot = (
	id: string,
	content: string,
	status: StoredMessage["status"] = "complete",
): StoredMessage => ({ id, role: "assistant", content, status });
/** A history of these messages; active: the id of the reply that is running. */
export const stored = (messages: StoredMessage[], active: string | null = null): History => ({
	messages,
	active,
});

/** Each call takes the next list of steps; a list without an end is a stream that was cut. */
export function scriptedClient(
	answers: (readonly Step[])[],
	histories: (History | null | Error)[] = [],
) {
	const calls: string[] = [];
	let knows: boolean | null = null;

	async function* play(signal: AbortSignal): Events {
		for (const step of answers.shift() ?? []) {
			if (step instanceof Error) throw step;
			if (step === "hang") {
				await new Promise((done) => signal.addEventListener("abort", done));
				throw new ChatFailure("cut_off");
			}
			if (step.type === "start") knows = step.messageId !== null;
			yield step;
			if (step.type === "done" || step.type === "error") return;
		}
		throw new ChatFailure("cut_off");
	}

	const client: Client = {
		knowsIds: () => knows,
		ask(message, clientMessageId, signal) {
			calls.push(`ask ${message} ${clientMessageId}`);
			return play(signal);
		},
		resume(messageId, after, signal) {
			calls.push(`resume ${messageId} ${after}`);
			return play(signal);
		},
		async history() {
			if (knows === false) return null;
			calls.push("history");
			const history = histories.shift() ?? null;
			if (history instanceof Error) throw history;
			knows = knows === true || history !== null;
			return history;
		},
		async stop(messageId) {
			calls.push(`stop ${messageId}`);
		},
	};
	return { client, calls };
}

/** Notes the least time of each pause. */
export function hastyNetwork() {
	const floors: number[] = [];
	const listeners = new Set<() => void>();
	const network: Network = {
		isOffline: () => false,
		async pause(floorMs) {
			floors.push(floorMs);
			await new Promise(setImmediate);
		},
		wake: () => undefined,
		onChange(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
	};
	return {
		network,
		floors,
		listeners,
		change() {
			for (const listener of [...listeners]) listener();
		},
	};
}
