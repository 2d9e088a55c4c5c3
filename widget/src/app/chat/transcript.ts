// Merges the server's history into the messages on this page: each message once, and unchanged
// messages keep their object.

import type { History, StoredMessage } from "./history";
import type { Sending } from "./outbox";
import {
	hasEnded,
	type Message,
	newReply,
	type Phase,
	type Question,
	type Reply,
	replyKey,
	replyOf,
	type State,
} from "./state";

const PHASES: Readonly<Record<StoredMessage["status"], Phase>> = {
	complete: "done",
	stopped: "stopped",
	length: "cut",
	interrupted: "failed",
};

/** A message that this page sent and whose reply is pending. */
export interface Mine {
	readonly question: Question;
	readonly reply: Reply;
}

/** The message in the outbox, as it appears on the page. */
export function mineOf(
	state: State,
	{ clientMessageId: key, text, messageId, failure }: Sending,
): Mine {
	const question: Question = { role: "user", key, text, at: null, isQueued: false };
	const reply = replyOf(state, replyKey(key)) ?? newReply(replyKey(key), messageId);
	return { question, reply: failure ? { ...reply, phase: "failed", failure } : reply };
}

function fromStored({ id, role, content: text, status }: StoredMessage): Message {
	if (role === "user") return { role, key: id, text, at: null, isQueued: false };
	const failure = status === "interrupted" ? status : null;
	return { ...newReply(id, id), text, phase: PHASES[status], failure };
}

/** The index of the newest message without a reply; -1: none. */
function lastUnanswered(messages: readonly Message[]): number {
	for (let i = messages.length - 1; i >= 0; i--) {
		if (messages[i]?.role === "user" && messages[i + 1]?.role !== "assistant") return i;
	}
	return -1;
}

/** A running reply has no stored message yet, or, after a restart, its interrupted one. */
function withActive(messages: Message[], active: string): Message[] {
	const stored = messages.findIndex(({ key }) => key === active);
	const reply = newReply(active, active);
	if (stored !== -1) return messages.map((message, i) => (i === stored ? reply : message));
	const question = lastUnanswered(messages);
	const at = question === -1 ? messages.length : question + 1;
	return [...messages.slice(0, at), reply, ...messages.slice(at)];
}

function fromKept({ messages, active }: History): Message[] {
	const list = messages.map(fromStored);
	if (active !== null) return withActive(list, active);
	const last = list[list.length - 1];
	if (last?.role !== "user") return list;
	// No reply is running for it.
	const lost = newReply(replyKey(last.key));
	return [...list, { ...lost, phase: "failed", failure: "interrupted" }];
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
	if (at === -1) return [...messages, mine.question, mine.reply];
	const replyAt = messages[at]?.role === "user" ? at + 1 : at;
	const stored = messages[replyAt];
	const isReply = stored?.role === "assistant";
	return [
		...messages.slice(0, at),
		mine.question,
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

function isSame(a: Message, b: Message): boolean {
	if (a.role === "user" || b.role === "user") return a.role === b.role && a.text === b.text;
	return a.id === b.id && a.text === b.text && a.phase === b.phase && a.failure === b.failure;
}

/**
 * `mine` is shown even if the server does not have it yet. `guesses`: it may also take the place of
 * an equal message with an answer, until a later history separates them.
 */
export function adopt(state: State, kept: History, mine: Mine | null, guesses = true): State {
	const known = knownOf(state.messages);
	const stored = fromKept(kept);
	const isOther = (reply: Reply) => known.has(reply.key) || (!guesses && hasEnded(reply));
	const merged = mine ? withMine(stored, mine, isOther) : stored;
	const shown = new Map(state.messages.map((message) => [message.key, message]));
	const messages = withKnownKeys(merged, known).map((message) => {
		const before = shown.get(message.key);
		return before && isSame(before, message) ? before : message;
	});
	return { ...state, messages: [...state.messages.slice(0, 1), ...messages] };
}
