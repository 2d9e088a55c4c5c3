// A conversation as stored by the server.

import type { HistoryMessage } from "../../../../workerd/api/openapi/openapi";
import { parseObject } from "../net/events";

/** The fields that the widget uses. */
export type StoredMessage = Readonly<Pick<HistoryMessage, "id" | "role" | "content" | "status">>;

export interface History {
	/** Oldest first. */
	readonly messages: readonly StoredMessage[];
	/** The id of the running reply; it has no stored message yet, or an interrupted one. */
	readonly active: string | null;
}

type Unchecked<T> = { readonly [K in keyof T]?: unknown };

/** null: not a valid message. */
export function readMessage(value: unknown): StoredMessage | null {
	if (typeof value !== "object" || value === null) return null;
	const { id, role, content, status }: Unchecked<StoredMessage> = value;
	if (typeof id !== "string" || typeof content !== "string") return null;
	if (role !== "user" && role !== "assistant") return null;
	const isKnown = status === "stopped" || status === "interrupted" || status === "length";
	return { id, role, content, status: isKnown ? status : "complete" };
}

/** null: not a history. Invalid messages are skipped. */
export function readHistory({ messages, active }: Unchecked<History>): History | null {
	if (!Array.isArray(messages)) return null;
	return {
		messages: messages.map(readMessage).filter((one): one is StoredMessage => one !== null),
		active: typeof active === "string" ? active : null,
	};
}

/** null: not a history, so the server keeps none. */
export function parseHistory(body: string): History | null {
	return readHistory({ ...parseObject(body) });
}
