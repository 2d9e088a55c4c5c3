// The state of all pages and its reducer. It survives route changes, so that going back shows the
// list immediately.

import type { ApiError } from "./errors";
import type { ConversationPage, Thread } from "./model";

/** Neither data nor error: loading. Both: old data, because the last refresh failed. */
export interface Remote<T> {
	readonly data: T | null;
	readonly error: ApiError | null;
}

export interface State {
	readonly list: Remote<ConversationPage>;
	/** The conversation opened last; only one is cached. */
	readonly threadId: string | null;
	readonly thread: Remote<Thread>;
}

export type Action =
	| { readonly type: "list_loaded"; readonly page: ConversationPage }
	| { readonly type: "list_failed"; readonly error: ApiError }
	| { readonly type: "thread_opened"; readonly id: string }
	| { readonly type: "thread_loaded"; readonly id: string; readonly thread: Thread }
	| { readonly type: "thread_failed"; readonly id: string; readonly error: ApiError }
	| { readonly type: "signed_out" };

const LOADING = { data: null, error: null };

export const initialState: State = { list: LOADING, threadId: null, thread: LOADING };

export function reduce(state: State, action: Action): State {
	switch (action.type) {
		case "list_loaded":
			return { ...state, list: { data: action.page, error: null } };
		case "list_failed":
			return { ...state, list: { ...state.list, error: action.error } };
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
