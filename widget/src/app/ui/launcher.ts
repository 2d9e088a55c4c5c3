// The loader's button, once the app is there.

import type { State } from "../chat/state";
import type { Words } from "../words";
import { icon } from "./icons";

/** `button`: has the loader's icon and badge. Leaves it as it was when `signal` is aborted. */
export function createLauncher(button: HTMLButtonElement, words: Words, signal: AbortSignal) {
	const [badge, down] = [button.querySelector(".badge"), icon("down")];
	button.setAttribute("aria-controls", "panel");
	button.setAttribute("aria-haspopup", "dialog");
	button.title = "";
	button.append(down);
	signal.addEventListener("abort", () => down.remove());
	return {
		render({ open, unread }: State) {
			const key = unread > 1 ? "openChatUnreadMany" : unread ? "openChatUnread" : "openChat";
			button.setAttribute("aria-label", words(open ? "closeChat" : key, { count: unread }));
			button.setAttribute("aria-expanded", String(open));
			if (badge) badge.textContent = unread ? String(unread) : "";
		},
	};
}
