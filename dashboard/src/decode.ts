// Reads what the API promises out of parsed JSON. A field that is missing or of
// another type throws, so that a page never renders half an answer.

import type { Conversation, ConversationPage, Message, Thread } from "./model";

type Fields = Record<string, unknown>;

function fields(value: unknown, what: string): Fields {
	if (typeof value !== "object" || value === null) throw new TypeError(`${what} is no object`);
	return value as Fields;
}

function text(from: Fields, key: string): string {
	const value = from[key];
	if (typeof value !== "string") throw new TypeError(`${key} is no string`);
	return value;
}

function optionalText(from: Fields, key: string): string {
	const value = from[key];
	return value === undefined || value === null ? "" : text(from, key);
}

function number(from: Fields, key: string): number {
	const value = from[key];
	if (typeof value !== "number") throw new TypeError(`${key} is no number`);
	return value;
}

function list<T>(from: Fields, key: string, item: (value: unknown) => T): T[] {
	const value = from[key];
	if (!Array.isArray(value)) throw new TypeError(`${key} is no array`);
	return value.map(item);
}

function conversation(value: unknown): Conversation {
	const from = fields(value, "conversation");
	return {
		id: text(from, "_id"),
		sessionId: text(from, "sessionId"),
		createdAt: number(from, "createdAt"),
		updatedAt: number(from, "updatedAt"),
		lastMessage: optionalText(from, "lastMessage"),
	};
}

function message(value: unknown): Message {
	const from = fields(value, "message");
	return {
		id: text(from, "_id"),
		fromVisitor: text(from, "role") === "user",
		content: text(from, "content"),
		createdAt: number(from, "createdAt"),
		status: optionalText(from, "status"),
	};
}

export function decodePage(value: unknown): ConversationPage {
	const from = fields(value, "answer");
	return {
		conversations: list(from, "conversations", conversation),
		total: number(from, "total"),
	};
}

export function decodeThread(value: unknown): Thread {
	const from = fields(value, "answer");
	return {
		conversation: conversation(from.conversation),
		messages: list(from, "messages", message),
	};
}
