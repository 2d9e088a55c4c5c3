// Everything the widget says by itself. What the site says comes from config.ts.

import type { FailureKind } from "./failure";

export const FAILURES: Readonly<Record<FailureKind, string>> = {
	unreachable: "We can’t be reached right now. Please check your connection.",
	too_many: "That was a lot of messages at once. Please wait a moment.",
	denied: "This chat isn’t available here at the moment.",
	refused: "This message couldn’t be sent.",
	broken: "Something went wrong on our side. Sorry about that.",
	cut_off: "The connection dropped before the reply was complete.",
};

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
	tryAgain: "Try again",
	latest: "Jump to the latest message",
} as const;

export function messageCount(length: number, limit: number): string {
	return `${length.toLocaleString()} / ${limit.toLocaleString()}`;
}
