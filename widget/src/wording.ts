// Everything the widget says by itself. What the site says comes from config.ts.

import type { FailureKind } from "./failure";

export const FAILURES: Readonly<Record<FailureKind, string>> = {
	interrupted: "This reply was interrupted.",
	lost: "This reply was interrupted.",
	unreachable: "We can’t be reached right now. Please check your connection.",
	too_many: "That was a lot of messages at once. Please wait a moment.",
	busy: "We can’t answer right now. Please try again in a moment.",
	denied: "This chat isn’t available here at the moment.",
	conflict: "This message couldn’t be sent again as it was.",
	deleted: "This conversation was deleted. Trying again begins a new one.",
	refused: "This message couldn’t be sent.",
	broken: "Something went wrong on our side. Sorry about that.",
	cut_off: "The connection dropped before the reply was complete.",
};

/** While the widget tries again by itself. */
export function pauseSentence(why: FailureKind | null): string {
	if (why === "too_many") return "That was a lot of messages at once. Yours goes out in a moment.";
	if (why === "busy") return "We can’t answer right now. Trying again in a moment…";
	return "Connection lost. Trying to reconnect…";
}

export const WORDS = {
	subtitle: "AI assistant",
	openChat: "Open chat",
	openChatUnread: "Open chat, new reply",
	closeChat: "Close chat",
	conversation: "Conversation",
	youSaid: "You: ",
	theySaid: "Assistant: ",
	thinking: "Thinking…",
	newReply: "New reply in the chat",
	yourMessage: "Your message",
	send: "Send message",
	stop: "Stop the reply",
	stopped: "Stopped",
	replyStopped: "Reply stopped.",
	tryAgain: "Try again",
	latest: "Jump to the latest message",
} as const;

export function messageCount(length: number, limit: number): string {
	return `${length.toLocaleString()} / ${limit.toLocaleString()}`;
}
