// The line above the text field: no connection, the wait for a person, or the offer of one.

import { el, setChildren } from "../../dom";
import type { State } from "../chat/state";
import type { Words } from "../words";

export interface StatusEvents {
	retry(): void;
	send(text: string): boolean;
}

/** What there is to say about the connection and the wait; "": nothing. */
export function statusText(words: Words, { line, people }: Pick<State, "line" | "people">): string {
	if (line !== "up") return words(line === "lost" ? "pauseOffline" : "offline");
	return people.phase === "waiting" ? words("waiting") : "";
}

/** `offersPerson`: visitors may ask for a person. */
export function createStatus(words: Words, offersPerson: boolean, events: StatusEvents) {
	const again = el("button", {}, words("tryAgain"));
	const ask = el("button", { class: "ask" }, words("askPerson"));
	const node = el("div", { class: "status" });
	again.addEventListener("click", () => events.retry());
	ask.addEventListener("click", () => events.send(words("askPerson")));
	let text: HTMLElement | null = null;

	return {
		node,
		render(state: State) {
			const said = statusText(words, state);
			if (said !== (text?.textContent ?? "")) text = said ? el("p", {}, said) : null;
			const isDown = state.line !== "up";
			// The contact form comes first.
			const isFree = state.people.phase === "model" && !/asked|sending/.test(state.contact.phase);
			const offers = offersPerson && !text && isFree;
			setChildren(node, [...(text ? [text] : []), ...(isDown ? [again] : offers ? [ask] : [])]);
			node.hidden = !text && !offers;
		},
	};
}
