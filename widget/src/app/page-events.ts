// The events that the page hears: changes of the state, as `banter:<name>` on the document.

import { isLive, type Message, type Reply, replyOf, type State, type Wish } from "./chat/state";
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

/** Returns the function to call when the page has shown or hidden the chat. */
export function emitEvents({ shell: { emit, host } }: OpenParts, { store }: Opened): () => void {
	let before = store.get();
	/** A chat that the page hides is not open for it. */
	const isOpen = () => store.get().open && !host.hidden;
	let wasOpen = isOpen();

	function look(): void {
		if (isOpen() === wasOpen) return;
		wasOpen = !wasOpen;
		emit(wasOpen ? "opened" : "closed");
	}

	store.subscribe((state) => {
		const { unread, contact, people } = before;
		const last = before;
		before = state;
		look();
		if (state.unread !== unread) emit("unread", { count: state.unread });
		// Not for details that the server has had before.
		if (contact.phase === "sending" && state.contact.phase === "saved") emit("contact");
		const { phase, person } = state.people;
		if (phase !== people.phase) emit("handover", { state: phase, name: person?.name ?? null });
		if (state.messages !== last.messages) emitReplies(emit, last, state);
	});
	return look;
}

/** The same, with an event for each message that the visitor sends here. */
export function withEvents({ shell: { emit } }: OpenParts, opened: Opened): Opened {
	const { conversation } = opened;
	function send(text: string, asksPerson?: Wish): boolean {
		const isSent = conversation.send(text, asksPerson);
		if (isSent) emit("message", { text: text.trim().slice(0, EVENT_TEXT_MAX) });
		return isSent;
	}
	return { ...opened, conversation: { ...conversation, send } };
}
