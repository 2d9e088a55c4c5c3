// A conversation as the server keeps it.

import type { HistoryMessage } from "../../../workerd/api/openapi/openapi";
import { parseObject } from "../net/events";

/** What the widget needs of one. */
export type StoredMessage = Readonly<Pick<HistoryMessage, "id" | "role" | "content" | "status">>;

export interface History {
	/** Oldest first. */
	readonly messages: readonly StoredMessage[];
	/** The reply that is being written; it has no message yet, or an interrupted one. */
	readonly active: string | null;
}

type Unchecked<T> = { readonly [K in keyof T]?: unknown };

/** null: no message that is kept. */
export function readMessage(value: unknown): StoredMessage | null {
	if (typeof value !== "object" || value === null) return null;
	const { id, role, content, status }: Unchecked<StoredMessage> = value;
	if (typeof id !== "string" || typeof content !== "string") return null;
	if (role !== "user" && role !== "assistant") return null;
	const ended = status === "stopped" || status === "interrupted" ? status : "complete";
	return { id, role, content, status: ended };
}

/** null: no history. What in it is no message is left out. */
export function readHistory({ messages, active }: Unchecked<History>): History | null {
	if (!Array.isArray(messages)) return null;
	return {
		messages: messages.map(readMessage).filter((one): one is StoredMessage => one !== null),
		active: typeof active === "string" ? active : null,
	};
}

/** null: this is no history, so whoever answered keeps none for us. */
export function parseHistory(body: string): History | null {
	return readHistory({ ...parseObject(body) });
}
