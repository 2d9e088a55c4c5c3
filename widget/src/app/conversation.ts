// What the view and the page's script can do with a conversation. Both kinds of tag have the same one. All that is shown comes from the state in the store.

import type { Shell } from "../shell";
import type { BrowserStorage } from "./chat/browser-storage";
import type { Decision, Rating, State, Wish } from "./chat/state";
import type { Store } from "./chat/store";
import type { Settings } from "./settings";
import type { Details } from "./ui/contact";
import type { Words } from "./words";

export interface Conversation {
	/**
	 * Returns false if the message is not accepted: empty, too long, or too many wait already. `asksPerson`: it asks for
	 * a person, who is then awaited, whatever the model does; or it is an answer, or has files and perhaps no text.
	 */
	send(text: string, asksPerson?: Wish): boolean;
	/** Where files are announced, with the visitor's session or token; without one yet, it connects to get one. */
	filesUrl(): string;
	stop(): void;
	retry(): void;
	/** Submits contact details, if the widget asks for them. */
	introduce(details: Details): void;
	/** Declines to give contact details. */
	skipContact(): void;
	/** What the page's script says about the visitor and the page; sent before the next message. */
	identify(identity: Readonly<Record<string, unknown>>): void;
	describe(context: Readonly<Record<string, unknown>>): void;
	/** Loads the messages before the oldest one that is shown; `older` in the state tells the rest. */
	loadOlder(): void;
	/** Agrees to what the assistant is to do, or refuses it. */
	decide(decision: Decision): void;
	/** `id`: of the reply. null takes the rating back. */
	rate(id: string, rating: Rating | null, comment?: string): void;
	/** The visitor is typing. */
	type(): void;
	/** What the visitor has written and not sent, in this tab; kept across reloads. */
	readonly draft: { get(): string; set(text: string): void };
	/** Removes everything in the browser's storage that belongs to the conversation. */
	forget(): void;
}

/** A conversation and the state that it changes. */
export interface Opened {
	readonly store: Store<State>;
	readonly conversation: Conversation;
	/** Shared by all tabs of the site. */
	readonly local: BrowserStorage;
}

export interface OpenParts {
	readonly shell: Shell;
	readonly settings: Settings;
	readonly words: Words;
	/** Ends the conversation on this page: no requests, timers or changes after it. */
	readonly signal: AbortSignal;
}
