// A conversation as stored by the server.

import { textOf } from "../net/parse";
import type { Person, Rating } from "./state";

/** The fields that the widget uses. */
export interface StoredMessage {
	readonly id: string;
	readonly role: "user" | "assistant";
	readonly content: string;
	readonly status: "complete" | "stopped" | "interrupted" | "length";
	readonly at: number | null;
	readonly author: Person | null;
	readonly rating: Rating | null;
}

export interface History {
	/** Oldest first. */
	readonly messages: readonly StoredMessage[];
	/** The id of the running reply; it has no stored message yet, or an interrupted one. */
	readonly active: string | null;
	/** Whether there are older messages. */
	readonly more: boolean;
	/** These messages come before this one; null: they are the newest ones, and replace all others. */
	readonly before: string | null;
}

type Unchecked = { readonly [name: string]: unknown };

/** null: not a valid message. */
export function readMessage(value: unknown): StoredMessage | null {
	const { id, role, content, status, createdAt, author, rating }: Unchecked = Object(value);
	if (typeof id !== "string" || typeof content !== "string") return null;
	const isPerson = role === "operator";
	if (role !== "user" && role !== "assistant" && !isPerson) return null;
	const isKnown = status === "stopped" || status === "interrupted" || status === "length";
	return {
		id,
		role: isPerson ? "assistant" : role,
		content,
		status: isKnown ? status : "complete",
		at: typeof createdAt === "number" ? createdAt : null,
		author: isPerson ? { name: textOf(Object(author).name) } : null,
		rating: rating === "up" || rating === "down" ? rating : null,
	};
}

/** null: not a history. Invalid messages are skipped. */
export function readHistory({ messages, active, more, before }: Unchecked): History | null {
	if (!Array.isArray(messages)) return null;
	return {
		messages: messages.map(readMessage).filter((one): one is StoredMessage => one !== null),
		active: textOf(active) || null,
		more: more === true,
		before: textOf(before) || null,
	};
}
