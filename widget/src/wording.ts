// The widget's own texts. failure.ts has those of failures, config.ts those of the site.

import type { ContactField } from "./config";
import type { FailureKind } from "./net/failure";

/** Shown while the widget retries. */
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
	cut: "This reply was too long and ends here",
	replyStopped: "Reply stopped.",
	tryAgain: "Try again",
	latest: "Jump to the latest message",
	contactRequired: "Before we start, how can we reach you?",
	contactOptional: "May we know how to reach you?",
	saveContact: "Save",
	skipContact: "Not now",
} as const;

export const CONTACT_LABELS: Readonly<Record<ContactField, string>> = {
	name: "Name",
	email: "E-mail",
	phone: "Phone",
};

export const CONTACT_FORMS: Readonly<Record<ContactField, string>> = {
	name: "A name has one line of at most 200 characters.",
	email: "An e-mail looks like name@example.com.",
	phone: "A phone number has 3 to 20 digits.",
};

export function messageCount(length: number, limit: number): string {
	return `${length.toLocaleString()} / ${limit.toLocaleString()}`;
}
