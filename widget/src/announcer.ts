// Speaks to screen readers: a whole reply, once, when it is there.

import { el } from "./dom";
import { lastReply, type Reply, type State } from "./state";
import { FAILURES, WORDS } from "./wording";

export interface Announcer {
	readonly node: HTMLElement;
	render(state: State): void;
}

function sentence(reply: Reply): string {
	return reply.phase === "failed" ? FAILURES[reply.failure ?? "broken"] : reply.text;
}

export function createAnnouncer(initial: State): Announcer {
	const node = el("div", { class: "spoken", "aria-live": "polite", "aria-relevant": "additions" });
	let known = lastReply(initial);
	return {
		node,
		render(state) {
			const reply = lastReply(state);
			if (reply === known) return;
			known = reply;
			if (reply.phase !== "done" && reply.phase !== "failed") return;
			// A new element each time: the same words twice are spoken twice.
			node.replaceChildren(el("p", {}, state.open ? sentence(reply) : WORDS.newReply));
		},
	};
}
