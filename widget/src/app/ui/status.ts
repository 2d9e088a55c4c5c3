// The line above the text field: no connection, the wait for a person, or the offer of one.

import { el } from "../../dom";
import type { State } from "../chat/state";
import type { Words } from "../words";

export interface StatusEvents {
	retry(): void;
	send(text: string, asksPerson?: boolean): boolean;
}

/** What there is to say about the connection and the wait; "": nothing. */
export function statusText(words: Words, { line, people }: Pick<State, "line" | "people">): string {
	if (line === "gone") return words("denied");
	if (line !== "up") return words(line === "lost" ? "pauseOffline" : "offline");
	return people.phase === "waiting" ? words(people.isAway ? "nobodyHere" : "waiting") : "";
}

/** `offersPerson`: visitors may ask for a person. */
export function createStatus(words: Words, offersPerson: boolean, events: StatusEvents) {
	const again = el("button", {}, words("tryAgain"));
	const ask = el("button", {}, words("askPerson"));
	const text = el("p");
	const node = el("div", { class: "status" }, text, again, ask);
	again.addEventListener("click", () => events.retry());
	ask.addEventListener("click", () => events.send(words("askPerson"), true));

	return {
		node,
		render(state: State) {
			const said = statusText(words, state);
			if (said !== text.textContent) text.textContent = said;
			// The contact form comes first.
			const isFree = state.people.phase === "model" && !/asked|sending/.test(state.contact.phase);
			text.hidden = !said;
			again.hidden = /up|gone/.test(state.line);
			ask.hidden = !offersPerson || !text.hidden || !isFree;
			node.hidden = text.hidden && ask.hidden;
		},
	};
}
