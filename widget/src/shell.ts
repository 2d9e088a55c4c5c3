// What the loader gives to the app, and what the app gives back. A page may run an older loader with a
// newer app for as long as a cache keeps the loader (an hour): members may be added, but none may be
// removed or changed.

export type Values = Readonly<Record<string, unknown>>;

/** A script tag, with what its address and the page say about it. */
export interface Tag {
	readonly src: string;
	/** As the attributes data-*. */
	readonly dataset: Readonly<Record<string, string | undefined>>;
}

/** One widget on the page. */
export interface Shell {
	/** The name that `banter.get()` uses, and that events carry. */
	readonly id: string;
	/** The script tag; its data attributes are settings. */
	readonly script: Tag;
	/** The widget's public id; "" for the tag with a key. */
	readonly widgetId: string;
	/** The URL prefix of the server's paths, without a slash at its end. */
	readonly server: string;
	/** Appended to the names of this widget in the browser's storage. */
	readonly space: string;
	/** The widget's settings on the server. */
	readonly record: Values;
	/** The settings that the page's script has changed: theme, locale. */
	readonly overrides: Values;
	/** The custom element; `frame` and `button` are in its shadow tree. */
	readonly host: HTMLElement;
	readonly root: ShadowRoot;
	readonly frame: HTMLElement;
	readonly button: HTMLButtonElement;
	/** The language, such as "de", and its texts. */
	readonly language: Language;
	/** Aborted when the widget is destroyed: every listener and timer ends with it. */
	readonly signal: AbortSignal;
	/** Whether the chat begins open: it was when the button was drawn, in this or another window, or is since then. */
	wasOpen?: boolean;
	/** Dispatches `banter:<name>` on the document and calls the page's listeners. */
	emit(name: string, detail?: Values): void;
}

export interface Language {
	readonly code: string;
	/** In the order of the keys of locales/en.json; the first one is the button's label. */
	readonly texts: readonly string[];
}

/** A call of the page: a method of `window.banter` and its arguments. */
export type Call = readonly [method: string, ...args: unknown[]];

/** The app's exports. */
export interface App {
	/** Returns the function that handles the page's calls. Of open and send it returns whether it was done. */
	start(shell: Shell): (call: Call) => unknown;
	/**
	 * The settings at `url`, which could not be fetched; null: the widget is not available here. `reply`: the
	 * first response, if any.
	 */
	fetchRecord(url: string, signal: AbortSignal, reply?: Response): Promise<Values | null>;
}
