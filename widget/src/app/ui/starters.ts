// Questions that the visitor can begin with, until the first message.

import { el } from "../../dom";
import type { State } from "../chat/state";

export function createStarters(questions: readonly string[], send: (text: string) => void) {
	const buttons = questions.map((question) => {
		const button = el("button", { dir: "auto" }, question);
		button.addEventListener("click", () => send(question));
		return button;
	});
	const node = el("div", { class: "starters" }, ...buttons);
	return {
		node,
		render({ messages }: State) {
			node.hidden = messages.length > 1 || questions.length === 0;
		},
	};
}
