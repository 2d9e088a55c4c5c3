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

/**
 * Who the visitor is. Without `hash`, the details are the visitor's own claim, as those of the contact form, and
 * `userId` is ignored; a widget that asks for no contact details takes none then.
 *
 * @example banter.identify({ userId: "42", hash: "9f86d0…", name: "Jane", email: "jane@example.com" });
 */
export interface BanterIdentity {
	/** At most 200 characters. */
	name?: string;
	/** At most 254 characters. */
	email?: string;
	/** With at least one digit; at most 64 characters. */
	phone?: string;
	/** The site's own id of the visitor. */
	userId?: string;
	/**
	 * HMAC-SHA256 of `userId` by the widget's identity secret, in hexadecimal. The site's server computes it: who
	 * has the secret can claim to be any visitor.
	 */
	hash?: string;
}

/**
 * What the page knows that the agent and the operators should know, too; at most 2,048 bytes as JSON.
 *
 * @example banter.context({ plan: "pro", cart: ["sku-17"] });
 */
export type BanterContext = Readonly<Record<string, unknown>>;

/** Colours; `auto` follows the visitor's system. */
export type BanterTheme = "auto" | "light" | "dark";

/** The `detail` of each event; frozen. `widget` is the id that `banter.get()` takes. */
export interface BanterEvents {
	/** The button is on the page. */
	ready: { readonly widget: string };
	/** The chat is open and not hidden by `hide()`: by the visitor or by the page. */
	opened: { readonly widget: string };
	/** Only the button is left. */
	closed: { readonly widget: string };
	/** The visitor has sent a message. Texts have at most 4,000 characters. */
	message: { readonly widget: string; readonly text: string };
	/** A reply has ended. */
	reply: {
		readonly widget: string;
		/** The message's id; null: the server has none. */
		readonly id: string | null;
		/** `cut`: it was too long. */
		readonly status: "done" | "stopped" | "cut";
		/** The reply as Markdown, at most its first 4,000 characters. */
		readonly text: string;
	};
	/** A person takes over from the agent, or hands back. A page that is loaded later also hears who answers. */
	handover: {
		readonly widget: string;
		/** Who answers; `waiting`: the visitor waits for a person. */
		readonly state: "waiting" | "person" | "model";
		/** The person who answers or answered last; null: nobody yet. */
		readonly name: string | null;
	};
	/** The visitor has given contact details, and they have been saved. */
	contact: { readonly widget: string };
	/** A reply has failed, or the chat could not be loaded (`not_loaded`). */
	error: { readonly widget: string; readonly code: string };
	/** The number of unread replies has changed. */
	unread: { readonly widget: string; readonly count: number };
}

/** A listener of an event; `event.detail` has the details. */
export type BanterListener<K extends keyof BanterEvents> = (
	event: CustomEvent<BanterEvents[K]>,
) => void;

/** The methods of a widget. */
export interface BanterMethods {
	/**
	 * Opens the chat, and loads it if it is not there yet. The promise says whether it is on the page: not if `hide()`
	 * hides it, or if the widget is not available. Before the script has loaded, there is no promise.
	 */
	open(): Promise<boolean>;
	/** Closes the chat; the button stays. */
	close(): void;
	/** Opens a closed chat, closes an open one. */
	toggle(): void;
	/** Shows the button again. */
	show(): void;
	/** Hides the button and the chat. */
	hide(): void;
	/**
	 * Moves the chat into an element of the page, where it is open and has no button, until the element leaves the
	 * page or `unmount()`. For the routes of React and Vue.
	 *
	 * @example useEffect(() => { banter.mount(ref.current); return () => banter.unmount(ref.current); }, []);
	 */
	mount(element: Element): void;
	/** Moves the chat back to where its tag has it. With an element: if it is in that one. */
	unmount(element?: Element): void;
	/**
	 * Opens the chat and sends a message. The promise says whether it is accepted: not if it is empty or too long, or
	 * if too many wait already. Before the script has loaded, there is no promise.
	 * @param text at most 4,000 characters
	 */
	send(text: string): Promise<boolean>;
	/** Puts a text into the text field; the visitor sends it. */
	prefill(text: string): void;
	/** Says who the visitor is. Later calls replace what was said. */
	identify(identity: BanterIdentity): void;
	/** Replaces the context; it counts from the visitor's next message. */
	context(context: BanterContext): void;
	/**
	 * Changes the language.
	 * @param code such as "de" or "pt-BR"; English if the language is unknown
	 */
	locale(code: string): void;
	/** Changes the colours. */
	theme(theme: BanterTheme): void;
	/** Forgets the conversation and the text that is not sent; the next message begins a new conversation. */
	reset(): void;
	/**
	 * Removes the widget with everything that it has added to the page, also its listeners. The conversation is
	 * kept: a new tag shows it again.
	 */
	destroy(): void;
	/**
	 * Listens to an event of the page's widgets, as `document.addEventListener("banter:<event>", …)` does. With
	 * several widgets, `event.detail.widget` tells which one.
	 */
	on<K extends keyof BanterEvents>(event: K, listener: BanterListener<K>): void;
	/** Removes a listener of `on`. */
	off<K extends keyof BanterEvents>(event: K, listener: BanterListener<K>): void;
}

/** `banter("open")` is `banter.open()`. */
export interface BanterCall {
	<E extends keyof BanterEvents>(method: "on" | "off", event: E, listener: BanterListener<E>): void;
	<K extends Exclude<keyof BanterMethods, "on" | "off">>(
		method: K,
		...args: Parameters<BanterMethods[K]>
	): ReturnType<BanterMethods[K]>;
}

/** `window.banter`. The methods are those of the first widget on the page. */
export interface Banter extends BanterMethods, BanterCall {
	/** The calls from before the script has loaded, which the page's own function keeps. */
	q?: ArrayLike<unknown>[];
	/** The methods of the widget with this id: `data-id`, else `data-widget`, else "chat". */
	get(id: string): (BanterMethods & BanterCall) | undefined;
	/** The ids of the widgets on the page. */
	ids(): string[];
}

declare global {
	interface Window {
		/** The page's API of the chat. A page may set it to a function that keeps the calls until the script has loaded. */
		get banter(): Banter;
		set banter(queue: Banter | (() => void));
		/** Settings for all tags that run after it: as the attributes `data-*`, in camel case. */
		banterSettings?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
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
