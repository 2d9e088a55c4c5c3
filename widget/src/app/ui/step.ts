// What the assistant is to do, in the words of the site's owner, and the visitor's decision about it. Whether it was done, only
// the server says.

import { el } from "../../dom";
import type { Decision } from "../chat/state";
import { textOf } from "../net/parse";
import type { Word, Words } from "../words";
import { CHECK, icon } from "./icons";
import type { Offer } from "./offer";

/** Of what came of it; of any other state: it was not done. */
const STATES: Readonly<Record<string, Word>> = {
	proposed: "underway",
	running: "underway",
	done: "taskDone",
	unknown: "notKnown",
};

export function createStep(words: Words, decide: (decision: Decision) => void): Offer {
	const text = el("p", { dir: "auto", class: "step-text" });
	const choices = el("div", { class: "choices" });
	const state = el("p", { class: "aside", role: "status" });
	const card = el("div", { class: "card step", role: "group" }, text, choices, state);
	let shown: { readonly [name: string]: unknown } = {};

	function createChoice(label: Word, decision: Decision["decision"], look: string): HTMLElement {
		const button = el("button", { class: look }, words(label));
		button.addEventListener("click", () => {
			const { id, hash } = shown;
			decide({ type: "decide", id, hash, decision });
		});
		return button;
	}
	choices.append(
		createChoice("agree", "yes", "choice primary"),
		createChoice("decline", "no", "choice"),
	);

	function draw(): void {
		const { state: now, class: kind, isDecided } = shown;
		const waits = now === "waiting";
		const isOpen = waits && kind === "confirm" && !isDecided;
		const word = waits
			? kind === "confirm"
				? "underway"
				: "teamDecides"
			: (STATES[textOf(now)] ?? "notDone");
		text.textContent = textOf(shown.text);
		card.setAttribute("aria-label", textOf(shown.text));
		card.hidden = !now;
		choices.hidden = !isOpen;
		state.hidden = isOpen;
		state.replaceChildren(
			...(isOpen ? [] : [...(now === "done" ? [icon(CHECK)] : []), words(word)]),
		);
	}

	draw();
	return {
		node: el("div", { class: "offer" }, card),
		lead: null,
		render(_, step) {
			shown = Object(step);
			draw();
		},
	};
}
