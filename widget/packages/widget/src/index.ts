// Loads the widget's script from the server, so that both always have the same version, and calls its page API.
// Nothing here runs before start(): a module of a page that a server renders can create a widget, too.

import type {
	BanterContext,
	BanterEvents,
	BanterIdentity,
	BanterMethods,
	BanterTheme,
} from "../../../banter.js";

export type * from "../../../banter.js";

/** A setting of the tag, `data-teaser-delay-seconds` as `teaserDelaySeconds`; lists become one entry a line. */
export type WidgetSetting = string | number | boolean | readonly string[] | undefined;

export interface WidgetOptions {
	/** The address of the banter server: `https://chat.example.com`. */
	server: string;
	/** The widget's id: `wid_…`. */
	widget: string;
	/** The name of this widget on the page, for several of one widget id. Default: the widget's id. */
	id?: string;
	/** The nonce of the page's Content-Security-Policy. */
	nonce?: string;
	/** All other settings of the tag: `locale`, `theme`, `starters`, `teaserText` … */
	[setting: string]: WidgetSetting;
}

/** What a listener of `Widget.on()` gets. */
export type WidgetListener<K extends keyof BanterEvents> = (detail: BanterEvents[K]) => void;

type Method = Exclude<keyof BanterMethods, "on" | "off" | "destroy">;
type Call = { method: Method; args: unknown[]; done: (result: boolean) => void };

/** The script of a widget on the page, and who uses it. */
interface Entry {
	readonly users: Set<Widget>;
	script: HTMLScriptElement | undefined;
	/** Whether the script has run: the page has its methods. */
	isLoaded: boolean;
}

/** Before the script is requested again. */
const AGAIN_MS = 2_000;
const AGAIN_MS_MAX = 60_000;
/** The calls that wait for the script, at most. */
const WAITING_MAX = 100;

/** By the widgets' names. */
const entries = new Map<string, Entry>();

const isBrowser = () => typeof document !== "undefined";

function methodsOf(id: string): BanterMethods | undefined {
	const { banter } = window as { banter?: Partial<Window["banter"]> };
	// A queue that the page has made has no get(), and a widget that is not available leaves.
	return banter?.get?.(id);
}

function addScript(entry: Entry, options: WidgetOptions, pause: number): void {
	const { server, nonce, ...settings } = options;
	const id = idOf(options);
	const script = document.createElement("script");
	script.src = `${server.replace(/\/+$/, "")}/api/widget/embed.js`;
	script.async = true;
	if (nonce) script.nonce = nonce;
	for (const [name, value] of Object.entries(settings))
		if (value !== undefined)
			script.dataset[name] = Array.isArray(value) ? value.join("\n") : `${value}`;
	script.onload = () => {
		entry.isLoaded = true;
		for (const user of entry.users) user.flush();
		settle(id, entry);
	};
	script.onerror = () => {
		script.remove();
		setTimeout(() => {
			if (entry.users.size > 0) addScript(entry, options, Math.min(pause * 2, AGAIN_MS_MAX));
			else entries.delete(id);
		}, pause);
	};
	entry.script = script;
	document.head.append(script);
}

/** Removes a widget that nobody uses any more; a script that is on its way must run first. */
function settle(id: string, entry: Entry): void {
	if (entry.users.size > 0 || !entry.isLoaded || entries.get(id) !== entry) return;
	entries.delete(id);
	entry.script?.remove();
	methodsOf(id)?.destroy();
}

const idOf = ({ id, widget }: WidgetOptions): string => id || widget;

/** A widget on the page. Its calls wait until it is there; on a server they have no effect. */
export class Widget implements Omit<BanterMethods, "on" | "off" | "destroy"> {
	/** The name of this widget: `widget` in the events' details. */
	readonly id: string;
	readonly #options: WidgetOptions;
	#waiting: Call[] = [];
	#entry: Entry | undefined;

	/** Has no effect on the page: see `start()`. */
	constructor(options: WidgetOptions) {
		this.#options = options;
		this.id = idOf(options);
	}

	/** Shows the widget. */
	start(): void {
		if (!isBrowser() || this.#entry) return;
		const known = entries.get(this.id);
		const entry = known ?? { users: new Set(), script: undefined, isLoaded: false };
		this.#entry = entry;
		entry.users.add(this);
		if (entry.isLoaded) this.flush();
		if (known) return;
		entries.set(this.id, entry);
		addScript(entry, this.#options, AGAIN_MS);
	}

	/**
	 * Removes the widget with all its nodes and listeners, unless another one of this name is in use. `start()` shows it
	 * again: a component that unmounts and mounts at once, as in React's strict mode, keeps the chat as it is.
	 */
	stop(): void {
		const entry = this.#entry;
		if (!entry) return;
		this.#entry = undefined;
		entry.users.delete(this);
		setTimeout(() => {
			if (!this.#entry) for (const { done } of this.#waiting.splice(0)) done(false);
			settle(this.id, entry);
		});
	}

	/** @internal Makes the calls that have waited for the script. */
	flush(): void {
		for (const { method, args, done } of this.#waiting.splice(0)) {
			const call = methodsOf(this.id)?.[method] as ((...all: unknown[]) => unknown) | undefined;
			Promise.resolve(call?.(...args)).then((result) => done(result === true));
		}
	}

	#call(method: Method, ...args: unknown[]): Promise<boolean> {
		if (!isBrowser()) return Promise.resolve(false);
		return new Promise((done) => {
			this.#waiting.push({ method, args, done });
			if (this.#entry?.isLoaded) this.flush();
			else if (this.#waiting.length > WAITING_MAX) this.#waiting.shift()?.done(false);
		});
	}

	/** Listens to an event of this widget; call the function that it returns to end that. */
	on<K extends keyof BanterEvents>(event: K, listener: WidgetListener<K>): () => void {
		if (!isBrowser()) return () => {};
		const heard = ({ detail }: CustomEvent<BanterEvents[K]>) => {
			if (detail.widget === this.id) listener(detail);
		};
		document.addEventListener(`banter:${event}`, heard as EventListener);
		return () => document.removeEventListener(`banter:${event}`, heard as EventListener);
	}

	open(): Promise<boolean> {
		return this.#call("open");
	}
	close(): void {
		this.#call("close");
	}
	toggle(): void {
		this.#call("toggle");
	}
	show(): void {
		this.#call("show");
	}
	hide(): void {
		this.#call("hide");
	}
	mount(element: Element): void {
		this.#call("mount", element);
	}
	unmount(element?: Element): void {
		this.#call("unmount", element);
	}
	send(text: string): Promise<boolean> {
		return this.#call("send", text);
	}
	prefill(text: string): void {
		this.#call("prefill", text);
	}
	identify(identity: BanterIdentity): void {
		this.#call("identify", identity);
	}
	context(context: BanterContext): void {
		this.#call("context", context);
	}
	locale(code: string): void {
		this.#call("locale", code);
	}
	theme(theme: BanterTheme): void {
		this.#call("theme", theme);
	}
	reset(): void {
		this.#call("reset");
	}
}

/** Shows a widget. */
export function load(options: WidgetOptions): Widget {
	const widget = new Widget(options);
	widget.start();
	return widget;
}

/** Shows a widget in an element of the page, open and without its button. The function that it returns removes it. */
export function mount(element: Element, options: WidgetOptions): () => void {
	const widget = load(options);
	widget.mount(element);
	return () => {
		widget.unmount(element);
		widget.stop();
	};
}
