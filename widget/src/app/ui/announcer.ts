// Announces each complete reply once to screen readers.

import { el } from "../../dom";
import { plainText } from "../../markdown/index";
import { isLive, type Reply, replyOf, type State } from "../chat/state";
import { failureText, pauseText, type Words } from "../words";

export interface Announcer {
	render(state: State): void;
}

function sentence(words: Words, { phase, failure }: Reply, text: string): string {
	if (phase === "paused") return pauseText(words, failure);
	if (phase === "failed") return failureText(words, failure);
	return phase === "stopped" ? `${words("replyStopped")} ${text}` : text;
}

function lastReply(state: State): Reply | null {
	const last = state.messages[state.messages.length - 1];
	return last?.role === "assistant" ? last : null;
}

/** `node`: the live region. `isPlain`: replies have no Markdown. */
export function createAnnouncer(
	node: HTMLElement,
	words: Words,
	isPlain: boolean,
	initial: State,
): Announcer {
	/** The pending reply. */
	let watched: string | null = null;
	let said = "";

	/** The reply to announce: the pending one, or one that started and ended between two frames. */
	function newest(state: State): Reply | null {
		const live = state.messages.find(isLive);
		if (live) return live;
		const reply = (watched && replyOf(state, watched)) || lastReply(state);
		// Replies from the history are not announced.
		return reply && (reply.key === watched || reply.key !== reply.id) ? reply : null;
	}

	function render(state: State): void {
		const reply = newest(state);
		const now = reply ? `${reply.phase} ${reply.key}` : "";
		if (!reply || now === said) return;
		said = now;
		watched = isLive(reply) ? reply.key : null;
		if (isLive(reply) && (reply.phase !== "paused" || !state.open)) return;
		// A new element each time, so that equal texts are announced twice.
		const text = isPlain ? reply.text : plainText(reply.text, { words });
		const spoken = state.open ? sentence(words, reply, text) : words("newReply");
		node.replaceChildren(el("p", {}, spoken));
	}

	const first = lastReply(initial);
	if (first) said = `${first.phase} ${first.key}`;
	return { render };
}
