// Validates parsed JSON against the API. A missing field or a wrong type throws, so that a page
// never renders a partial response.

import type * as api from "../../workerd/api/openapi/openapi";
import type { Conversation, ConversationPage, Message, Thread } from "./model";

/** A T before validation. */
type Unchecked<T> = { readonly [K in keyof T]?: unknown };

/** The fields of T with type V. */
type FieldOf<T, V> = {
	[K in keyof T]-?: NonNullable<T[K]> extends V ? K : never;
}[keyof T] &
	string;

function fields<T>(value: unknown, what: string): Unchecked<T> {
	if (typeof value !== "object" || value === null) throw new TypeError(`${what} is no object`);
	return value as Unchecked<T>;
}

function text<T>(from: Unchecked<T>, key: FieldOf<T, string>): string {
	const value = from[key];
	if (typeof value !== "string") throw new TypeError(`${key} is no string`);
	return value;
}

function optionalText<T>(from: Unchecked<T>, key: FieldOf<T, string>): string {
	const value = from[key];
	return value === undefined || value === null ? "" : text(from, key);
}

function number<T>(from: Unchecked<T>, key: FieldOf<T, number>): number {
	const value = from[key];
	if (typeof value !== "number") throw new TypeError(`${key} is no number`);
	return value;
}

function list<T, Item>(
	from: Unchecked<T>,
	key: FieldOf<T, readonly unknown[]>,
	item: (value: unknown) => Item,
): Item[] {
	const value = from[key];
	if (!Array.isArray(value)) throw new TypeError(`${key} is no array`);
	return value.map(item);
}

function conversation(value: unknown): Conversation {
	const from = fields<api.Conversation>(value, "conversation");
	return {
		id: text(from, "_id"),
		sessionId: text(from, "sessionId"),
		createdAt: number(from, "createdAt"),
		updatedAt: number(from, "updatedAt"),
		lastMessage: optionalText(from, "lastMessage"),
	};
}

function message(value: unknown): Message {
	const from = fields<api.Message>(value, "message");
	return {
		id: text(from, "_id"),
		fromVisitor: text(from, "role") === ("user" satisfies api.Message["role"]),
		content: text(from, "content"),
		createdAt: number(from, "createdAt"),
		status: optionalText(from, "status"),
	};
}

export function decodePage(value: unknown): ConversationPage {
	const from = fields<api.ConversationList>(value, "answer");
	return {
		conversations: list(from, "conversations", conversation),
		total: number(from, "total"),
		nextCursor: optionalText(from, "nextCursor") || null,
	};
}

export function decodeThread(value: unknown): Thread {
	const from = fields<api.Thread>(value, "answer");
	return {
		conversation: conversation(from.conversation),
		messages: list(from, "messages", message),
	};
}
