// Merges the server's history into the messages on this page: each message once, and unchanged
// messages keep their object.

import type { History } from "./history";
import type { Sending } from "./queue";
import {
	count,
	hasEnded,
	isLive,
	type Message,
	newReply,
	type Question,
	questionOf,
	type Reply,
	replyAt,
	replyKey,
	replyOf,
	type State,
	saidIn,
} from "./state";

/** A message that this page sent and whose reply is pending. */
export interface Mine {
	readonly question: Question;
	readonly reply: Reply;
}

/** The message in the outbox, as it appears on the page. */
export function mineOf(state: State, sending: Sending): Mine {
	const { clientMessageId: key, failure } = sending;
	const question = questionOf(sending);
	const reply = replyOf(state, replyKey(key)) ?? newReply(replyKey(key));
	return { question, reply: failure ? { ...reply, phase: "failed", failure } : reply };
}

/** The index of the newest message without a reply; -1: none. */
function lastUnanswered(messages: readonly Message[]): number {
	let at = messages.length - 1;
	while (at >= 0 && (messages[at]?.role !== "user" || messages[at + 1]?.role === "assistant")) at--;
	return at;
}

/** A running reply has no stored message yet, or, after a restart, its interrupted one. */
function withActive(messages: readonly Message[], active: string): readonly Message[] {
	const stored = replyAt(messages, active);
	const at = stored < 0 ? lastUnanswered(messages) + 1 || messages.length : stored;
	return messages
		.slice(0, at)
		.concat(newReply(active, active), messages.slice(stored < 0 ? at : at + 1));
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
	if (reply.id !== null) {
		const at = replyAt(messages, reply.id);
		return messages[at - 1]?.role === "user" ? at - 1 : at;
	}
	const at = messages.map(({ role }) => role).lastIndexOf("user");
	const answer = messages[at + 1];
	const isTaken = answer?.role === "assistant" && isOther(answer);
	return saidIn(messages[at]) === saidIn(question) && !isTaken ? at : -1;
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
	const next = messages[at]?.role === "user" ? at + 1 : at;
	const stored = messages[next];
	const isReply = stored?.role === "assistant";
	return [
		...messages.slice(0, at),
		{ ...mine.question, isQueued: false, at: messages[at]?.at ?? null },
		isReply ? united(mine.reply, stored) : mine.reply,
		...messages.slice(isReply ? next + 1 : next),
	];
}

/** With the keys that replies and their messages have on this page. */
function withKnownKeys(messages: readonly Message[], page: readonly Message[]): Message[] {
	return messages.map((message, i) => {
		const before = message.role === "user" ? 1 : 0;
		const reply = messages[i + before];
		const known = page[replyAt(page, reply?.role === "assistant" ? reply.id : null) - before];
		return known?.role === message.role ? { ...message, key: known.key } : message;
	});
}

/** Messages of which all that is shown is equal to one on the page are that object. */
export function reuse(messages: readonly Message[], page: readonly Message[]): readonly Message[] {
	const known = new Map(page.map((message) => [message.key, message]));
	return messages.map((message) => {
		const old = known.get(message.key);
		return old && JSON.stringify(old) === JSON.stringify(message) ? old : message;
	});
}

/** The messages of the page that are older than the history, if it begins with one of the page. */
function olderThan(stored: readonly Message[], { messages }: State): readonly Message[] {
	const at = stored.findIndex((one) => one.role === "assistant");
	const first = stored[at];
	const known = replyAt(messages, first?.role === "assistant" ? first.id : null);
	return messages.slice(1, Math.max(1, known - at));
}

/**
 * How many replies of the history have ended since the page has last heard of the conversation: those that it knows as
 * running, and those after the last message that it knows.
 */
function countEnded(newest: readonly Message[], page: readonly Message[], own?: string): number {
	const known = new Map(page.map((message) => [message.key, message]));
	let end = newest.length;
	while (end > 0 && !known.has(newest[end - 1]?.key ?? "")) end--;
	return newest.filter((message, i) => {
		const old = known.get(message.key);
		const isNew = old ? isLive(old) : end > 0 && i >= end;
		return isNew && message.key !== own && message.role === "assistant" && !isLive(message);
	}).length;
}

/** `mine` is shown even if the server does not have it yet. */
export function adopt(state: State, kept: History, mine: Mine | null): State {
	const stored = fromKept(kept, state.people.phase !== "model");
	const isOther = (reply: Reply) => replyAt(state.messages, reply.key) >= 0 || hasEnded(reply);
	const merged = mine ? withMine(stored, mine, isOther) : stored;
	const newest = reuse(withKnownKeys(merged, state.messages), state.messages);
	const older = olderThan(stored, state);
	const more = kept.more ? "some" : "none";
	const messages = [...state.messages.slice(0, 1), ...older, ...newest];
	// The engine counts the own reply when it has come.
	const ended = countEnded(newest, state.messages, mine?.reply.key);
	return count({ ...state, messages, older: older[0] ? state.older : more }, ended);
}

/** Puts a page of the history in front. */
export function prepend(state: State, page: History): State {
	const [welcome, ...rest] = state.messages;
	const shown = new Set(rest.map(({ key }) => key));
	const older = page.messages.filter(({ key }) => !shown.has(key));
	const messages = welcome ? [welcome, ...older, ...rest] : rest;
	return { ...state, messages, older: page.more ? "some" : "none" };
}
