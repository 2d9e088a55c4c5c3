// Announces to screen readers, each once: that a reply is being written, the complete reply, who joins and
// leaves, and the state of the connection.

import { el } from "../../dom";
import { hasEnded, isLive, type Message, type Reply, type State } from "../chat/state";
import type { Settings } from "../settings";
import { failureText, pauseText, type Words } from "../words";
import { peopleText, writerOf } from "./people";
import { statusText } from "./status";

export interface Announcer {
	render(state: State): void;
}

/** Longer replies are read from the list. */
const LINES_MAX = 200;

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

/** `node`: the live region. `read`: a reply without its marks. */
export function createAnnouncer(
	node: HTMLElement,
	words: Words,
	settings: Settings,
	initial: State,
	read: (text: string) => string,
): Announcer {
	let before = initial;
	/** What was announced last about a reply, by its key. */
	const said = new Map<string, string>();

	/** A new element each time, so that equal texts are announced twice; one for each line. */
	function say(text: string): void {
		const lines = text.split("\n").filter(Boolean).slice(0, LINES_MAX);
		node.replaceChildren(...lines.map((line) => el("p", {}, line)));
	}

	function textOf({ phase, failure, text, author }: Reply): string {
		if (phase === "paused") return pauseText(words, failure);
		if (phase === "waiting" || phase === "streaming")
			return words("isWriting", { name: author?.name ?? writerOf(settings) });
		if (phase === "failed") return failureText(words, failure);
		const said = settings.plainText ? text : read(text);
		const named = author ? `${author.name}: ${said}` : said;
		return phase === "stopped" ? `${words("replyStopped")} ${named}` : named;
	}

	function replyText(reply: Reply, state: State): string {
		const writes = reply.phase === "waiting" || reply.phase === "streaming";
		const what = writes ? "writes" : reply.phase;
		if (said.get(reply.key) === what || said.get(reply.key) === "done") return "";
		said.set(reply.key, what);
		if (!state.open) return isLive(reply) ? "" : words("newReply");
		return textOf(reply);
	}

	function render(state: State): void {
		const last = before;
		before = state;
		const texts: string[] = [peopleText(words, last.people, state.people, state.messages)];
		const status = statusText(words, state);
		if (status !== statusText(words, last)) texts.push(status);
		const { person, isTyping } = state.people;
		if (person && isTyping && !last.people.isTyping)
			texts.push(words("isWriting", { name: person.name }));
		for (const reply of changedReplies(state, last.messages)) texts.push(replyText(reply, state));
		const text = texts.filter(Boolean).join("\n");
		if (text) say(text);
	}

	return { render };
}
