// Remembers over pages whether the chat is open, and how many replies are unread.

import type { Session } from "./session";
import type { State } from "./state";
import type { Store } from "./store";

/** `onOpen`: the visitor has opened the chat. */
export function remember(store: Store<State>, session: Session, onOpen: () => void): void {
	let before = store.get();
	store.subscribe((state) => {
		const { open, unread } = before;
		before = state;
		if (state.open !== open || state.unread !== unread) session.rememberUnread(state.unread);
		if (state.open === open) return;
		session.rememberOpen(state.open);
		if (state.open) onOpen();
	});
}
