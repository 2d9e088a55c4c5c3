// The loader's button, once the app is there.

import { detach, el } from "../../dom";
import type { State } from "../chat/state";
import type { Words } from "../words";
import { DOWN, icon } from "./icons";

/** `button`: has the loader's icon. Leaves it as it was when `signal` is aborted. */
export function createLauncher(button: HTMLButtonElement, words: Words, signal: AbortSignal) {
	const visible = button.textContent;
	const [badge, down] = [el("span", { class: "badge" }), icon(DOWN)];
	button.setAttribute("aria-controls", "panel");
	button.setAttribute("aria-haspopup", "dialog");
	button.title = "";
	button.append(down, badge);
	signal.addEventListener("abort", () => {
		detach(down);
		detach(badge);
	});
	return {
		render({ open, unread }: State) {
			const key = unread > 1 ? "openChatUnreadMany" : unread ? "openChatUnread" : "openChat";
			const name = words(open ? "closeChat" : key, { count: unread });
			button.setAttribute("aria-label", `${visible} ${name}`);
			button.setAttribute("aria-expanded", String(open));
			badge.textContent = unread ? String(unread) : "";
		},
	};
}
