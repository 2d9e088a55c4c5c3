// What a screen reader announces about the conversation, each once: that a reply is being written, the complete
// reply, who joins and leaves. The state of the connection is in view.ts.

import { plainText } from "../../markdown/index";
import { hasEnded, isLive, type Message, type Reply, type State } from "../chat/state";
import { pauseText } from "../words";
import type { LogParts } from "./log";
import { peopleText, writerOf } from "./people";

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

	function textOf({ phase, failure, text, author }: Reply): string {
		if (phase === "paused") return pauseText(words, failure);
		if (phase === "waiting" || phase === "streaming")
			return words("isWriting", { name: author?.name ?? writerOf(settings) });
		if (phase === "failed") return words(failure ?? "broken");
		const said = settings.plainText ? text : plainText(text, { words });
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

	return (state) => {
		const last = before;
		before = state;
		const { person, isTyping } = state.people;
		const isNew = person && isTyping && !last.people.isTyping;
		return [
			peopleText(words, last, state),
			isNew ? words("isWriting", { name: person.name }) : "",
			...changedReplies(state, last.messages).map((reply) => replyText(reply, state)),
		];
	};
}
