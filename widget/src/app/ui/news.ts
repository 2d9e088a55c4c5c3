// What a screen reader announces about the conversation, each once: that a reply is being written, its text, who joins
// and leaves, that contact details are saved. The state of the connection is in view.ts.

import { plainText } from "../../markdown/index";
import { hasEnded, isLive, type Message, type Reply, type State } from "../chat/state";
import { pauseText } from "../words";
import type { LogParts } from "./log";
import { peopleText, writerOf } from "./people";
import { knownHosts } from "./sources";

/** A reply that is being written is read in pieces of at least this many characters. */
const PIECE = 200;
/** It is looked at again when it has grown by this. */
const STEP = 50;

/** Whole sentences and lines. */
const SENTENCES = /^.*([.!?…]\s|[。！？\n])/s;

/** The replies that changed and are new to the visitor: not those of the history that a page begins with. */
function changedReplies({ messages }: State, before: readonly Message[]): Reply[] {
	if (messages === before) return [];
	const known = new Map(before.map((message) => [message.key, message]));
	const end = messages.findIndex(({ key }) => key === before[before.length - 1]?.key);
	// The first messages at once are the history; what follows a known end is not.
	const isBegun = before.length > 1 || messages.length === 2;
	return messages.filter((message, i): message is Reply => {
		const old = known.get(message.key);
		if (message.role === "user" || message === old) return false;
		if (old?.role === "assistant") return !hasEnded(old);
		// A key that is not the server's id: the reply to a message of this page.
		return message.key !== message.id || (isBegun && i > end);
	});
}

/** Returns the function that tells what is new in a state, in texts of one or more lines; "": nothing. */
export function createNews(
	{ words, settings }: LogParts,
	initial: State,
): (state: State) => string[] {
	let before = initial;
	/** What was announced last about a reply, by its key. */
	const said = new Map<string, string>();
	/** What was read of a reply, by its key. */
	const read = new Map<string, string>();
	/** The length of a reply's text when it was looked at last. */
	const seen = new Map<string, number>();

	/** What was not read before. */
	function nextOf({ key, text, basis }: Reply, isComplete: boolean): string {
		// While it was read in parts, its sources were not known.
		const isKnown = knownHosts(read.has(key) ? null : basis);
		const all = settings.plainText ? text : plainText(text, { words, isKnown }, isComplete);
		const now = isComplete ? all : (SENTENCES.exec(all)?.[0] ?? "");
		const last = read.get(key) ?? "";
		const next = now.startsWith(last) ? now.slice(last.length) : now;
		if (!isComplete && next.length < PIECE) return "";
		read.set(key, now);
		return next.trim();
	}

	function textOf(reply: Reply): string {
		const { phase, failure, author, basis } = reply;
		if (phase === "paused") return pauseText(words, failure);
		if (isLive(reply)) return words("isWriting", { name: author?.name ?? writerOf(settings) });
		if (phase === "failed") return words(failure ?? "broken");
		const files: readonly unknown[] = Object(basis).files ?? [];
		const names = files.map((file) => `${Object(file).name}`);
		const next = [nextOf(reply, true), ...names].filter(Boolean).join("\n");
		const named = author ? `${author.name}: ${next}` : next;
		return phase === "stopped" ? `${words("replyStopped")} ${named}` : named;
	}

	function replyText(reply: Reply, state: State): string {
		const { key, phase, text } = reply;
		const writes = phase === "waiting" || phase === "streaming";
		const what = writes ? "writes" : phase;
		if (said.get(key) === "done") return "";
		if (said.get(key) === what) {
			if (!writes || !state.open || text.length < (seen.get(key) ?? 0) + STEP) return "";
			seen.set(key, text.length);
			return nextOf(reply, false);
		}
		said.set(key, what);
		if (!state.open) return isLive(reply) ? "" : words("newReply");
		return textOf(reply);
	}

	return (state) => {
		const last = before;
		before = state;
		const { person, isTyping } = state.people;
		const isNew = person && isTyping && !last.people.isTyping;
		const isSaved = last.contact.phase === "sending" && state.contact.phase === "saved";
		return [
			peopleText(words, last, state),
			isSaved ? words("contactSaved") : "",
			isNew ? words("isWriting", { name: person.name }) : "",
			...changedReplies(state, last.messages).map((reply) => replyText(reply, state)),
		];
	};
}
