// The round button in the corner.

import type { State } from "../chat/state";
import { WORDS } from "../wording";
import { el } from "./dom";
import { icon } from "./icons";

export interface Launcher {
	readonly node: HTMLButtonElement;
	render(state: State): void;
}

export function createLauncher(panelId: string, onToggle: () => void): Launcher {
	const node = el(
		"button",
		{ type: "button", class: "launcher", "aria-controls": panelId, "aria-haspopup": "dialog" },
		icon("chat"),
		icon("down"),
		el("span", { class: "badge", "aria-hidden": "true" }),
	);
	node.addEventListener("click", onToggle);
	return {
		node,
		render({ open, unread }) {
			const closed = unread ? WORDS.openChatUnread : WORDS.openChat;
			node.setAttribute("aria-label", open ? WORDS.closeChat : closed);
			node.setAttribute("aria-expanded", String(open));
			node.classList.toggle("unread", unread);
		},
	};
}
