// The state of all pages and its reducer. It survives route changes, so that going back shows the
// list immediately.

import type { ApiError } from "./errors";
import { extend, refresh } from "./list";
import type { ConversationPage, Thread } from "./model";

/** Neither data nor error: loading. Both: old data, because the last refresh failed. */
export interface Remote<T> {
	readonly data: T | null;
	readonly error: ApiError | null;
}

export interface State {
	/** The newest conversations, and older ones as far as the reader has scrolled. */
	readonly list: Remote<ConversationPage>;
	/** Why older conversations could not be loaded. */
	readonly older: ApiError | null;
	/** The conversation opened last; only one is cached. */
	readonly threadId: string | null;
	readonly thread: Remote<Thread>;
}

export type Action =
	| { readonly type: "list_loaded"; readonly page: ConversationPage }
	| { readonly type: "list_failed"; readonly error: ApiError }
	| { readonly type: "older_loaded"; readonly cursor: string; readonly page: ConversationPage }
	| { readonly type: "older_failed"; readonly error: ApiError | null }
	| { readonly type: "thread_opened"; readonly id: string }
	| { readonly type: "thread_loaded"; readonly id: string; readonly thread: Thread }
	| { readonly type: "thread_failed"; readonly id: string; readonly error: ApiError }
	| { readonly type: "signed_out" };

const LOADING = { data: null, error: null };

export const initialState: State = {
	list: LOADING,
	older: null,
	threadId: null,
	thread: LOADING,
};

export function reduce(state: State, action: Action): State {
	switch (action.type) {
		case "list_loaded":
			return { ...state, list: { data: refresh(state.list.data, action.page), error: null } };
		case "list_failed":
			return { ...state, list: { ...state.list, error: action.error } };
		case "older_loaded": {
			const { data } = state.list;
			// A refresh may have replaced the list meanwhile.
			if (data?.nextCursor !== action.cursor) return state;
			const list = { ...state.list, data: extend(data, action.page) };
			return { ...state, list, older: null };
		}
		case "older_failed":
			return { ...state, older: action.error };
		case "thread_opened":
			if (action.id === state.threadId) return state;
			return { ...state, threadId: action.id, thread: LOADING };
		case "thread_loaded":
			if (action.id !== state.threadId) return state;
			return { ...state, thread: { data: action.thread, error: null } };
		case "thread_failed":
			if (action.id !== state.threadId) return state;
			return { ...state, thread: { ...state.thread, error: action.error } };
		case "signed_out":
			// The next login may be another user.
			return initialState;
	}
}
