// The events that the page hears: changes of the state, as `banter:<name>` on the document.

import { isLive, type Message, type Reply, replyOf, type State } from "./chat/state";
import type { Opened, OpenParts } from "./conversation";

/** The longest text in an event, in UTF-16 code units. */
export const EVENT_TEXT_MAX = 4000;

type Emit = OpenParts["shell"]["emit"];

/** Without narrowing the type of what is not. */
const isRunning = (message: Message): boolean => isLive(message);

/** The replies that were running and are not any more. */
function emitReplies(emit: Emit, before: State, state: State): void {
	for (const { key } of before.messages.filter(isLive)) {
		const reply = replyOf(state, key);
		if (!reply || isRunning(reply)) continue;
		const { id, phase, failure, text }: Reply = reply;
		if (phase === "failed") emit("error", { code: failure });
		else emit("reply", { id, status: phase, text: text.slice(0, EVENT_TEXT_MAX) });
	}
}

export function emitEvents({ shell: { emit } }: OpenParts, { store }: Opened): void {
	let before = store.get();
	store.subscribe((state) => {
		const { open, unread, contact, people } = before;
		const last = before;
		before = state;
		if (state.open !== open) emit(state.open ? "opened" : "closed");
		if (state.unread !== unread) emit("unread", { count: state.unread });
		if (state.contact !== contact && state.contact.phase === "saved") emit("contact");
		const { phase, person } = state.people;
		if (phase !== people.phase) emit("handover", { state: phase, name: person?.name ?? null });
		if (state.messages !== last.messages) emitReplies(emit, last, state);
	});
}

/** The same, with an event for each message that the visitor sends here. */
export function withEvents({ shell: { emit } }: OpenParts, opened: Opened): Opened {
	const { conversation } = opened;
	function send(text: string, asksPerson?: boolean): boolean {
		const isSent = conversation.send(text, asksPerson);
		if (isSent) emit("message", { text: text.trim().slice(0, EVENT_TEXT_MAX) });
		return isSent;
	}
	return { ...opened, conversation: { ...conversation, send } };
}
