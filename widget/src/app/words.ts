// The app's texts in English. Each key is also one of the language files (src/locales), and one of the
// setting `texts`, by which a site changes it.

import type { Shell, Texts } from "../shell";
import type { FailureKind } from "./net/failure";
import type { ContactField } from "./settings";
import { fill } from "./texts";

export const ENGLISH = {
	openChat: "Open chat",
	openChatUnread: "Open chat, new reply",
	openChatUnreadMany: "Open chat, {count} new replies",
	subtitle: "AI assistant",
	closeChat: "Close chat",
	conversation: "Conversation",
	youSaid: "You: ",
	theySaid: "Assistant: ",
	thinking: "Thinking…",
	newReply: "New reply in the chat",
	placeholder: "Write a message…",
	yourMessage: "Your message",
	send: "Send message",
	stop: "Stop the reply",
	stopped: "Stopped",
	cut: "This reply was too long and ends here",
	replyStopped: "Reply stopped.",
	tryAgain: "Try again",
	copy: "Copy",
	copied: "Copied",
	taskDone: "Done",
	taskOpen: "To do",
	latest: "Jump to the latest message",
	messageCount: "{length} / {limit}",
	contactRequired: "Before we start, how can we reach you?",
	contactOptional: "May we know how to reach you?",
	saveContact: "Save",
	skipContact: "Not now",
	name: "Name",
	email: "E-mail",
	phone: "Phone",
	nameForm: "A name has one line of at most 200 characters.",
	emailForm: "An e-mail looks like name@example.com.",
	phoneForm: "A phone number has 3 to 20 digits.",
	pauseTooMany: "That was a lot of messages at once. Yours goes out in a moment.",
	pauseBusy: "We can’t answer right now. Trying again in a moment…",
	pauseOffline: "Connection lost. Trying to reconnect…",
	unreachable: "We can’t be reached right now. Please check your connection.",
	cut_off: "The connection dropped before the reply was complete.",
	interrupted: "This reply was interrupted.",
	busy: "We can’t answer right now. Please try again in a moment.",
	too_many: "That was a lot of messages at once. Please wait a moment.",
	denied: "This chat isn’t available here at the moment.",
	capped: "This chat has reached its limit for today. Please come back tomorrow.",
	nameless: "Please tell us first how we can reach you.",
	conflict: "This message couldn’t be sent again unchanged.",
	deleted: "This conversation was deleted. Trying again begins a new one.",
	refused: "This message couldn’t be sent.",
	broken: "Something went wrong on our side. Sorry about that.",
} as const;

export type Word = keyof typeof ENGLISH;

/** The texts of the widget's language; parameters replace `{name}` in the text. */
export type Words = (key: Word, values?: Readonly<Record<string, string | number>>) => string;

function isTexts(value: unknown): value is Texts {
	return typeof value === "object" && value !== null;
}

/** The site's own texts come first: for this language, then for every language. */
export function createWords({ language, record }: Pick<Shell, "language" | "record">): Words {
	const { code, texts } = language;
	const own = isTexts(record.texts) ? record.texts : {};
	const forOne: unknown = own[code];
	const all = [isTexts(forOne) ? forOne : {}, own, texts, ENGLISH];
	return (key, values = {}) => {
		const found = all.map((one): unknown => one[key]).find((text) => typeof text === "string");
		return fill(String(found), values);
	};
}

/** The text of a failure. */
export function failureText(words: Words, kind: FailureKind | null): string {
	return words(kind === "lost" ? "interrupted" : (kind ?? "broken"));
}

/** Shown while the widget retries. */
export function pauseText(words: Words, why: FailureKind | null): string {
	if (why === "too_many") return words("pauseTooMany");
	return words(why === "busy" ? "pauseBusy" : "pauseOffline");
}

/** How a contact detail looks, shown when it is invalid. */
export function contactForm(words: Words, field: ContactField): string {
	return words(`${field}Form`);
}
