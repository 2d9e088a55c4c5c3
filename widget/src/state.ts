// All that the widget knows, and the only functions that change it. They change nothing in
// place: a message that is the same object is the same on the screen.

import type { FailureKind } from "./failure";

export interface Question {
	readonly role: "user";
	readonly text: string;
}

export interface Reply {
	readonly role: "assistant";
	readonly text: string;
	readonly phase: "waiting" | "streaming" | "done" | "failed";
	/** Why, in phase "failed". */
	readonly failure: FailureKind | null;
}

export type Message = Question | Reply;

export interface State {
	readonly open: boolean;
	/** A reply ended while the panel was closed. */
	readonly unread: boolean;
	/** Grows at the end only. Every question is followed by its reply. */
	readonly messages: readonly Message[];
}

const WAITING: Reply = { role: "assistant", text: "", phase: "waiting", failure: null };

export function initialState(welcome: string, open: boolean): State {
	return { open, unread: false, messages: [{ ...WAITING, text: welcome, phase: "done" }] };
}

/** The newest message is always a reply: the welcome, or the answer to the last question. */
export function lastReply(state: State): Reply {
	const last = state.messages[state.messages.length - 1];
	return last?.role === "assistant" ? last : WAITING;
}

export function isReplying(state: State): boolean {
	const { phase } = lastReply(state);
	return phase === "waiting" || phase === "streaming";
}

function withReply(state: State, change: Partial<Reply>): State {
	const reply = { ...lastReply(state), ...change };
	return { ...state, messages: [...state.messages.slice(0, -1), reply] };
}

export function setOpen(state: State, open: boolean): State {
	return { ...state, open, unread: open ? false : state.unread };
}

export function ask(state: State, text: string): State {
	return { ...state, messages: [...state.messages, { role: "user", text }, WAITING] };
}

/** The failed reply makes room for another try at the same question. */
export function askAgain(state: State): State {
	return withReply(state, WAITING);
}

export function addToken(state: State, token: string): State {
	return withReply(state, { text: lastReply(state).text + token, phase: "streaming" });
}

/** `text` is the reply as stored; without one, what was streamed stands. */
export function finish(state: State, text: string): State {
	const done = withReply(state, { text: text || lastReply(state).text, phase: "done" });
	return { ...done, unread: !state.open };
}

/** What came so far stays: the visitor has read it. */
export function fail(state: State, failure: FailureKind): State {
	return { ...withReply(state, { phase: "failed", failure }), unread: !state.open };
}
