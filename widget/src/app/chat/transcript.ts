// Merges the server's history into the messages on this page: each message once, and unchanged
// messages keep their object.

import type { History } from "./history";
import type { Sending } from "./queue";
import {
	hasEnded,
	isLive,
	type Message,
	newReply,
	type Question,
	type Reply,
	replyKey,
	replyOf,
	type State,
} from "./state";

/** A message that this page sent and whose reply is pending. */
export interface Mine {
	readonly question: Question;
	readonly reply: Reply;
}

/** The message in the outbox, as it appears on the page. */
export function mineOf(state: State, { clientMessageId: key, text, failure }: Sending): Mine {
	const question: Question = { role: "user", key, text, at: null, isQueued: true };
	const reply = replyOf(state, replyKey(key)) ?? newReply(replyKey(key));
	return { question, reply: failure ? { ...reply, phase: "failed", failure } : reply };
}

/** The index of the newest message without a reply; -1: none. */
function lastUnanswered(messages: readonly Message[]): number {
	for (let i = messages.length - 1; i >= 0; i--) {
		if (messages[i]?.role === "user" && messages[i + 1]?.role !== "assistant") return i;
	}
	return -1;
}

/** A running reply has no stored message yet, or, after a restart, its interrupted one. */
function withActive(messages: readonly Message[], active: string): Message[] {
	const stored = messages.findIndex(({ key }) => key === active);
	const reply = newReply(active, active);
	if (stored !== -1) return messages.map((message, i) => (i === stored ? reply : message));
	const question = lastUnanswered(messages);
	const at = question === -1 ? messages.length : question + 1;
	return [...messages.slice(0, at), reply, ...messages.slice(at)];
}

function fromKept({ messages, active }: History, isPerson: boolean): readonly Message[] {
	if (active !== null) return withActive(messages, active);
	const last = messages[messages.length - 1];
	// A person may answer much later.
	if (last?.role !== "user" || isPerson) return messages;
	// No reply is running for it.
	const lost = newReply(replyKey(last.key));
	return [...messages, { ...lost, phase: "failed", failure: "interrupted" }];
}

/** Whether a reply cannot belong to a message that is known only by its text. */
type IsOther = (reply: Reply) => boolean;

/**
 * The index of `mine` among the stored messages; -1: not there. Without its reply's id, the newest
 * message with the same text counts, unless it belongs to another reply on this page.
 */
function findMine(
	messages: readonly Message[],
	{ question, reply }: Mine,
	isOther: IsOther,
): number {
	const replyAt = messages.findIndex((one) => one.role === "assistant" && one.id === reply.id);
	if (reply.id !== null) return messages[replyAt - 1]?.role === "user" ? replyAt - 1 : replyAt;
	for (let i = messages.length - 1; i >= 0; i--) {
		const one = messages[i];
		if (one?.role !== "user") continue;
		const answer = messages[i + 1];
		const isTaken = answer?.role === "assistant" && isOther(answer);
		return one.text === question.text && !isTaken ? i : -1;
	}
	return -1;
}

/** Our reply, completed by the stored one. */
function united(own: Reply, stored: Reply): Reply {
	if (hasEnded(stored) && stored.id === own.id) return { ...stored, key: own.key };
	return own.phase === "failed" && own.text === "" ? { ...own, text: stored.text } : own;
}

function withMine(messages: readonly Message[], mine: Mine, isOther: IsOther): Message[] {
	const at = findMine(messages, mine, isOther);
	// It waits for a reply that runs.
	if (at === -1)
		return [...messages, mine.question, ...(messages.some(isLive) ? [] : [mine.reply])];
	const replyAt = messages[at]?.role === "user" ? at + 1 : at;
	const stored = messages[replyAt];
	const isReply = stored?.role === "assistant";
	return [
		...messages.slice(0, at),
		{ ...mine.question, isQueued: false, at: messages[at]?.at ?? null },
		isReply ? united(mine.reply, stored) : mine.reply,
		...messages.slice(isReply ? replyAt + 1 : replyAt),
	];
}

/** Maps a reply's id to the keys of the reply and its message on this page. */
type Known = ReadonlyMap<string, { readonly question: string | null; readonly reply: string }>;

function knownOf(messages: readonly Message[]): Known {
	const known = new Map<string, { question: string | null; reply: string }>();
	messages.forEach((message, i) => {
		if (message.role !== "assistant" || message.id === null) return;
		const before = messages[i - 1];
		const question = before?.role === "user" ? before.key : null;
		known.set(message.id, { question, reply: message.key });
	});
	return known;
}

function withKnownKeys(messages: readonly Message[], known: Known): Message[] {
	return messages.map((message, i) => {
		const reply = message.role === "assistant" ? message : messages[i + 1];
		const keys = reply?.role === "assistant" && reply.id !== null ? known.get(reply.id) : null;
		const key = message.role === "assistant" ? keys?.reply : keys?.question;
		return key ? { ...message, key } : message;
	});
}

/** Whether all that is shown of them is equal. */
export function isSame(a: Message, b: Message): boolean {
	return JSON.stringify(a) === JSON.stringify(b);
}

/** The messages of the page that are older than the history, if it begins with one of the page. */
function olderThan(stored: readonly Message[], { messages }: State): readonly Message[] {
	const at = stored.findIndex((one) => one.role === "assistant");
	const first = stored[at];
	if (first?.role !== "assistant") return [];
	const known = messages.findIndex((one) => one.role === "assistant" && one.id === first.id);
	return messages.slice(1, Math.max(1, known - at));
}

/** `mine` is shown even if the server does not have it yet. */
export function adopt(state: State, kept: History, mine: Mine | null): State {
	const known = knownOf(state.messages);
	const stored = fromKept(kept, state.people.phase !== "model");
	const isOther = (reply: Reply) => known.has(reply.key) || hasEnded(reply);
	const merged = mine ? withMine(stored, mine, isOther) : stored;
	const shown = new Map(state.messages.map((message) => [message.key, message]));
	const newest = withKnownKeys(merged, known).map((message) => {
		const before = shown.get(message.key);
		return before && isSame(before, message) ? before : message;
	});
	const older = olderThan(stored, state);
	const more = kept.more ? "some" : "none";
	const messages = [...state.messages.slice(0, 1), ...older, ...newest];
	return { ...state, messages, older: older[0] ? state.older : more };
}

/** Puts a page of the history in front. */
export function prepend(state: State, page: History): State {
	const [welcome, ...rest] = state.messages;
	const shown = new Set(rest.map(({ key }) => key));
	const older = page.messages.filter(({ key }) => !shown.has(key));
	const messages = welcome ? [welcome, ...older, ...rest] : rest;
	return { ...state, messages, older: page.more ? "some" : "none" };
}
