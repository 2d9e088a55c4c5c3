// Stored messages, the events of the chat API, and a network whose pauses end at once.

import type { ChatEvent } from "../pages/events";
import type { History } from "../src/app/chat/history";
import { type Message, newReply, type Phase } from "../src/app/chat/state";
import type { Network } from "../src/app/net/backoff";

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

export const user = (id: string, text: string): Message => ({
	role: "user",
	key: id,
	text,
	at: null,
	isQueued: false,
});
export const bot = (id: string, text: string, phase: Phase = "done"): Message => ({
	...newReply(id, id),
	text,
	phase,
	failure: phase === "failed" ? "interrupted" : null,
});
/** A history of these messages; active: the id of the reply that is running. */
export const stored = (messages: Message[], active: string | null = null): History => ({
	messages,
	active,
	more: false,
	before: null,
});

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
		onSwitch: () => undefined,
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
