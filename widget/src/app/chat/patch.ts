// What has changed in the state, for the other tabs of the browser. A text that grows is sent as what was added,
// so that a long reply costs no more than its length.

import type { Message, State } from "./state";
import { reuse } from "./transcript";

/** What each tab has for itself. */
type Own = "open" | "unread";

/** A changed message. `from`: where its text begins in the one that the other tab has; null: all of it. */
type Change = readonly [index: number, message: Message, from: number | null];

export interface Patch {
	readonly fields: Partial<Omit<State, Own | "messages">>;
	/** All messages, if any was added or removed. */
	readonly all?: readonly Message[];
	readonly changes: readonly Change[];
}

function changesOf(
	before: readonly Message[],
	after: readonly Message[],
): readonly Change[] | null {
	if (before.length !== after.length) return null;
	const changes: Change[] = [];
	// Without entries(), which Prototype.js removes from arrays.
	for (let i = 0; i < after.length; i++) {
		const [old, message] = [before[i], after[i]];
		if (!message || old === message) continue;
		if (old?.key !== message.key) return null;
		const isLonger = message.text.startsWith(old.text);
		const text = isLonger ? message.text.slice(old.text.length) : message.text;
		changes.push([i, { ...message, text }, isLonger ? old.text.length : null]);
	}
	return changes;
}

/** null: nothing has changed for other tabs. */
export function diff(before: State, after: State): Patch | null {
	const { open, unread, messages, ...rest } = after;
	const fields = Object.fromEntries(
		Object.entries(rest).filter(([name, value]) => Reflect.get(before, name) !== value),
	);
	const changes = changesOf(before.messages, messages);
	if (changes?.length === 0 && Object.keys(fields).length === 0) return null;
	return changes ? { fields, changes } : { fields, changes: [], all: messages };
}

function changed(messages: readonly Message[], changes: readonly Change[]): readonly Message[] {
	const list = [...messages];
	for (const [i, message, from] of changes) {
		const old = list[i]?.text ?? "";
		list[i] = from === null ? message : { ...message, text: old.slice(0, from) + message.text };
	}
	return list;
}

/** `isNew`: replies that ended before are not unread here. */
export function apply(state: State, { fields, all, changes }: Patch, isNew = false): State {
	const messages = all ? reuse(all, state.messages) : changed(state.messages, changes);
	const next = { ...state, ...fields, messages };
	const more = isNew ? 0 : Math.max(0, next.ended - state.ended);
	return { ...next, unread: state.open ? 0 : state.unread + more };
}
