// What both kinds of chat share: browser storage and the state restored from it.

import { type BrowserStorage, openBrowserStorage } from "./browser-storage";
import { type Outbox, openOutbox } from "./outbox";
import { openSession, type Session } from "./session";
import { initialState, type State } from "./state";
import { createStore, type Store } from "./store";

export interface ChatContext {
	/** Shared by all tabs of the site. */
	readonly local: BrowserStorage;
	/** Private to this tab. */
	readonly tab: BrowserStorage;
	readonly session: Session;
	readonly outbox: Outbox;
	readonly store: Store<State>;
	/** Calls `sync` when the chat opens; immediately if it is open or a reply is pending. */
	begin(sync: () => void): void;
}

export interface ChatContextParts {
	readonly welcome: string;
	/** The URL or widget that messages are sent to. */
	readonly server: string;
	/** Of the widget's names in the storage. */
	readonly space: string;
	/** Once aborted, neither state nor storage changes. */
	readonly signal: AbortSignal;
}

export function createChatContext({
	welcome,
	server,
	space,
	signal,
}: ChatContextParts): ChatContext {
	const local = openBrowserStorage(() => localStorage, signal);
	const tab = openBrowserStorage(() => sessionStorage, signal);
	const session = openSession(local, space);
	const outbox = openOutbox(tab, server, space);
	const store = createStore(initialState(welcome, session.wasOpen(), session.unread()), signal);
	return {
		local,
		tab,
		session,
		outbox,
		store,
		begin(sync) {
			let before = store.get();
			store.subscribe((state) => {
				const { open, unread } = before;
				before = state;
				if (state.open !== open || state.unread !== unread) session.rememberUnread(state.unread);
				if (state.open === open) return;
				session.rememberOpen(state.open);
				if (state.open) sync();
			});
			if (before.open || outbox.get()?.failure === null) sync();
		},
	};
}
