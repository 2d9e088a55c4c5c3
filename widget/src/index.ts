// Starts the chat on the page that has our script tag.

import { createChat } from "./chat";
import { createClient } from "./client";
import { parseHex, type Rgb } from "./color";
import { type Config, readConfig } from "./config";
import { createNetwork } from "./network";
import { openOutbox } from "./outbox";
import { openSession, SAID_KEY } from "./session";
import { openShelf } from "./shelf";
import { initialState } from "./state";
import { createStore } from "./store";
import { createView } from "./view";

/** The one thing that we leave on `window`: our element, so that a second tag adds no second. */
const MARK = Symbol.for("banter.chat");

/** A tag loaded as a module, or by a tag manager, is not `currentScript`. */
function findScript(): HTMLScriptElement | null {
	const current = document.currentScript;
	if (current instanceof HTMLScriptElement) return current;
	const ours = 'script[data-api-key], script[src*="/chat-widget.js"], script[src*="/embed.js"]';
	return document.querySelector<HTMLScriptElement>(ours);
}

/** Lets the browser read a colour: a canvas gives back `#rrggbb` for whatever is opaque. */
function resolveColor(text: string): Rgb | null {
	const context = document.createElement("canvas").getContext("2d");
	if (!context || !CSS.supports("color", text)) return null;
	context.fillStyle = text;
	return parseHex(String(context.fillStyle));
}

function configFrom(script: HTMLScriptElement | null): Config {
	return readConfig({
		attribute: (name) => script?.getAttribute(name) ?? null,
		scriptUrl: script?.src || null,
		pageUrl: document.baseURI,
		resolveColor,
	});
}

function createWidget(config: Config): HTMLElement {
	const session = openSession(openShelf(() => localStorage));
	const outbox = openOutbox(
		openShelf(() => sessionStorage),
		config.apiUrl,
	);
	const store = createStore(initialState(config.welcomeMessage, session.wasOpen()));
	const client = createClient(config, session.id);
	const network = createNetwork();
	const chat = createChat({ store, client, network, outbox, session });

	// A page that nobody looks at asks the server for nothing: a browser has few connections.
	const syncIfSeen = () => store.get().open && !document.hidden && chat.sync();
	let remembered = store.get().open;
	store.subscribe(({ open }) => {
		if (open === remembered) return;
		remembered = open;
		session.rememberOpen(open);
		syncIfSeen();
	});
	network.onChange(syncIfSeen);
	document.addEventListener("visibilitychange", syncIfSeen);
	addEventListener("storage", ({ key }) => key === SAID_KEY && syncIfSeen());
	if (remembered || outbox.get()?.failure === null) chat.sync();
	return createView(config, store, chat);
}

function start(script: HTMLScriptElement | null): void {
	const marked: unknown = Reflect.get(window, MARK);
	const known = marked instanceof HTMLElement ? marked : null;
	// Page frameworks swap the body and run its scripts anew: the chat moves over as it is.
	if (known?.isConnected) return;
	const widget = known ?? createWidget(configFrom(script));
	Reflect.set(window, MARK, widget);
	document.body.append(widget);
}

const script = findScript();
if (document.body) start(script);
else addEventListener("DOMContentLoaded", () => start(script), { once: true });
