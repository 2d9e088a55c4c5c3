// Questions that the visitor can begin with, until the first message.

import { el } from "../../dom";
import type { Opened, OpenParts } from "../conversation";

/** `focus`: where the visitor goes on. */
export function createStarters(
	{ settings }: OpenParts,
	{ store, conversation }: Opened,
	focus: () => void,
): HTMLElement {
	const buttons = settings.starters.map((question) => {
		const button = el("button", { dir: "auto" }, question);
		button.addEventListener("click", () => {
			if (conversation.send(question)) focus();
		});
		return button;
	});
	const node = el("div", { class: "starters" }, ...buttons);
	const render = () => {
		node.hidden = store.get().messages.length > 1;
	};
	store.subscribe(render);
	render();
	return node;
}
