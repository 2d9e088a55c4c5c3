/**
 * `window.banter`, the page's API of the chat. Copy this file into your project, or refer to it:
 * `/// <reference path="./banter.d.ts" />`. Your server has it at `/widget/banter.d.ts`.
 *
 * Before the script has loaded, `banter` is a queue, which the page makes:
 *
 *     window.banter ||= function () { (banter.q ||= []).push(arguments); };
 *
 * Then call `banter("open")`; once the script has loaded, also `banter.open()`.
 */

/** Who the visitor is. Without `hash`, the details are the visitor's own claim. */
export interface BanterIdentity {
	name?: string;
	email?: string;
	phone?: string;
	/** The site's own id of the visitor. */
	userId?: string;
	/** HMAC-SHA256 of `userId` by the widget's identity secret, in hexadecimal; made by the site's server. */
	hash?: string;
}

/** What the page knows that the agent and the operators should know, too; at most 2 KiB as JSON. */
export type BanterContext = Readonly<Record<string, unknown>>;

export type BanterTheme = "auto" | "light" | "dark";

/** The `detail` of each event; frozen. `widget` is the id that `banter.get()` takes. */
export interface BanterEvents {
	/** The button is on the page. */
	ready: { readonly widget: string };
	opened: { readonly widget: string };
	closed: { readonly widget: string };
	/** The visitor has sent a message. Texts have at most 4,000 characters. */
	message: { readonly widget: string; readonly text: string };
	/** A reply has ended. */
	reply: {
		readonly widget: string;
		readonly id: string | null;
		/** `cut`: it was too long. */
		readonly status: "done" | "stopped" | "cut";
		readonly text: string;
	};
	/** A person takes over from the agent, or hands back. */
	handover: { readonly widget: string; readonly state: string };
	/** The visitor's contact details have been saved. */
	contact: { readonly widget: string };
	/** A reply has failed, or the chat could not be loaded (`not_loaded`). */
	error: { readonly widget: string; readonly code: string };
	/** The number of unread replies has changed. */
	unread: { readonly widget: string; readonly count: number };
}

export type BanterListener<K extends keyof BanterEvents> = (
	event: CustomEvent<BanterEvents[K]>,
) => void;

/** The methods of a widget. */
export interface BanterMethods {
	open(): void;
	close(): void;
	toggle(): void;
	/** Shows the button again. */
	show(): void;
	/** Hides the button and the chat. */
	hide(): void;
	/** Opens the chat and sends a message. */
	send(text: string): void;
	/** Puts a text into the text field. */
	prefill(text: string): void;
	identify(identity: BanterIdentity): void;
	context(context: BanterContext): void;
	/** The language, such as "de". */
	locale(code: string): void;
	theme(theme: BanterTheme): void;
	/** Forgets the conversation; the next message begins a new one. */
	reset(): void;
	/** Removes the widget with everything that it has added to the page. The conversation is kept. */
	destroy(): void;
	/** Listens to an event of the page's widgets, as `document.addEventListener("banter:<event>", …)` does. */
	on<K extends keyof BanterEvents>(event: K, listener: BanterListener<K>): void;
	off<K extends keyof BanterEvents>(event: K, listener: BanterListener<K>): void;
}

/** `banter("open")` is `banter.open()`. */
export type BanterCall = <K extends keyof BanterMethods>(
	method: K,
	...args: Parameters<BanterMethods[K]>
) => void;

/** The methods are those of the first widget on the page. */
export interface Banter extends BanterMethods {
	<K extends keyof BanterMethods>(method: K, ...args: Parameters<BanterMethods[K]>): void;
	/** The methods of the widget with this id: `data-id`, else `data-widget`, else "chat". */
	get(id: string): (BanterMethods & BanterCall) | undefined;
	/** The ids of the widgets on the page. */
	ids(): string[];
}

declare global {
	interface Window {
		banter: Banter;
	}
	/** The page's API of the chat. */
	const banter: Banter;
	interface DocumentEventMap {
		"banter:ready": CustomEvent<BanterEvents["ready"]>;
		"banter:opened": CustomEvent<BanterEvents["opened"]>;
		"banter:closed": CustomEvent<BanterEvents["closed"]>;
		"banter:message": CustomEvent<BanterEvents["message"]>;
		"banter:reply": CustomEvent<BanterEvents["reply"]>;
		"banter:handover": CustomEvent<BanterEvents["handover"]>;
		"banter:contact": CustomEvent<BanterEvents["contact"]>;
		"banter:error": CustomEvent<BanterEvents["error"]>;
		"banter:unread": CustomEvent<BanterEvents["unread"]>;
	}
}
