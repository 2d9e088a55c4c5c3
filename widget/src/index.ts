// Starts the chat on the page that has our script tag.

import { createChat } from "./chat";
import { streamReply } from "./client";
import { parseHex, type Rgb } from "./color";
import { type Config, readConfig } from "./config";
import { openSession } from "./session";
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
	const session = openSession(() => localStorage);
	const store = createStore(initialState(config.welcomeMessage, session.wasOpen()));
	const chat = createChat(store, (message) => streamReply(config, session.id(), message));
	let remembered = store.get().open;
	store.subscribe(({ open }) => {
		if (open !== remembered) session.rememberOpen(open);
		remembered = open;
	});
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
