// A conversation as stored by the server.

import { textOf } from "../net/parse";
import { type Message, newReply, type Person, type Phase } from "./state";

export interface History {
	/** Oldest first; the key of each is its id. */
	readonly messages: readonly Message[];
	/** The id of the running reply; it has no stored message yet, or an interrupted one. */
	readonly active: string | null;
	/** Whether there are older messages. */
	readonly more: boolean;
	/** These messages come before this one; null: they are the newest ones, and replace all others. */
	readonly before: string | null;
}

type Unchecked = { readonly [name: string]: unknown };

/** By the server's status; any other reply is complete. */
const PHASES: ReadonlyMap<unknown, Phase> = new Map([
	["stopped", "stopped"],
	["length", "cut"],
	["filtered", "filtered"],
	["interrupted", "failed"],
]);

/** The name and the picture of a message's author or of a frame. */
export function readPerson({ name, picture }: Unchecked): Person {
	return { name: textOf(name), picture: textOf(picture) };
}

/** null: not a valid message. */
export function readMessage(value: unknown): Message | null {
	const {
		id,
		role,
		content: text,
		status,
		createdAt,
		author,
		rating,
		sources,
		general,
		structure: given,
		answer,
		files,
	}: Unchecked = Object(value);
	if (typeof id !== "string" || typeof text !== "string") return null;
	const at = typeof createdAt === "number" ? createdAt : null;
	if (role === "user")
		return { role, key: id, text, at, isQueued: false, answer: answer ?? (files && { files }) };
	const isPerson = role === "operator";
	if (role !== "assistant" && !isPerson) return null;
	const phase = PHASES.get(status) ?? "done";
	const structure = status === "waiting" ? { waits: true } : given;
	return {
		...newReply(id, id),
		text,
		at,
		phase,
		failure: phase === "failed" ? "interrupted" : null,
		author: isPerson ? readPerson(Object(author)) : null,
		rating: rating === "up" || rating === "down" ? rating : null,
		basis:
			structure || general || files || Object(sources)[0]
				? { sources, general, structure, files }
				: null,
	};
}

/** null: not a history. Invalid messages are skipped. */
export function readHistory({ messages, active, more, before }: Unchecked): History | null {
	if (!Array.isArray(messages)) return null;
	return {
		messages: messages.map(readMessage).filter((one): one is Message => one !== null),
		active: textOf(active) || null,
		more: more === true,
		before: textOf(before) || null,
	};
}
