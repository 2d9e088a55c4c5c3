// A conversation as the server keeps it.

import type { HistoryMessage } from "../../workerd/api/openapi";
import { parseObject } from "./events";

/** What the widget needs of one. */
export type StoredMessage = Readonly<Pick<HistoryMessage, "id" | "role" | "content" | "status">>;

export interface History {
	/** Oldest first. */
	readonly messages: readonly StoredMessage[];
	/** The reply that is being written; it has no message yet, or an interrupted one. */
	readonly active: string | null;
}

type Unchecked<T> = { readonly [K in keyof T]?: unknown };

function readMessage(value: unknown): StoredMessage | null {
	if (typeof value !== "object" || value === null) return null;
	const { id, role, content, status }: Unchecked<StoredMessage> = value;
	if (typeof id !== "string" || typeof content !== "string") return null;
	if (role !== "user" && role !== "assistant") return null;
	const ended = status === "stopped" || status === "interrupted" ? status : "complete";
	return { id, role, content, status: ended };
}

/** null: this is no history, so whoever answered keeps none for us. */
export function parseHistory(body: string): History | null {
	const { messages, active }: Unchecked<History> = { ...parseObject(body) };
	if (!Array.isArray(messages)) return null;
	const read = messages.map(readMessage).filter((one): one is StoredMessage => one !== null);
	return { messages: read, active: typeof active === "string" ? active : null };
}
