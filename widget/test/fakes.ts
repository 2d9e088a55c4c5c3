// Stored messages, the events of the chat API, and a network whose pauses end at once.

import type { ChatEvent } from "../pages/events";
import type { History, StoredMessage } from "../src/app/chat/history";
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

const PLAIN = { at: null, author: null, rating: null };

export const user = (id: string, content: string): StoredMessage => ({
	id,
	role: "user",
	content,
	status: "complete",
	...PLAIN,
});
export const bot = (
	id: string,
	content: string,
	status: StoredMessage["status"] = "complete",
): StoredMessage => ({ id, role: "assistant", content, status, ...PLAIN });
/** A history of these messages; active: the id of the reply that is running. */
export const stored = (messages: StoredMessage[], active: string | null = null): History => ({
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
