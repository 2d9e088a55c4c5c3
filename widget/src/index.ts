// Starts the chat on the page that has our script tag.

import { createChat } from "./chat/chat";
import { createChatContext } from "./chat/context";
import { ACTIVITY_KEY } from "./chat/session";
import { readConfig, type TagConfig } from "./config";
import { createNetwork } from "./net/backoff";
import { createClient } from "./net/client";
import { startSocketChat } from "./socket/start";
import { parseHex, type Rgb } from "./ui/color";
import { createView } from "./ui/view";

/** The one thing that we leave on `window`: our element, so that a second tag adds no second. */
const MARK = Symbol.for("banter.chat");

/** In its place while the server is asked how the chat looks. */
const PENDING = "pending";

/** A tag loaded as a module, or by a tag manager, is not `currentScript`. */
function findScript(): HTMLScriptElement | null {
	const current = document.currentScript;
	if (current instanceof HTMLScriptElement) return current;
	const ours =
		'script[data-api-key], script[data-widget], script[src*="/chat-widget.js"], script[src*="/embed.js"]';
	return document.querySelector<HTMLScriptElement>(ours);
}

/** Lets the browser read a colour: a canvas gives back `#rrggbb` for whatever is opaque. */
function resolveColor(text: string): Rgb | null {
	const context = document.createElement("canvas").getContext("2d");
	if (!context || !CSS.supports("color", text)) return null;
	context.fillStyle = text;
	return parseHex(String(context.fillStyle));
}

function configFrom(script: HTMLScriptElement | null): TagConfig {
	return readConfig({
		attribute: (name) => script?.getAttribute(name) ?? null,
		scriptUrl: script?.src || null,
		pageUrl: document.baseURI,
		resolveColor,
	});
}

function createWidget(config: TagConfig): HTMLElement {
	const context = createChatContext(config.welcomeMessage, config.apiUrl);
	const { store, session } = context;
	const client = createClient(config, session.id);
	const chat = createChat({ ...context, client, network: createNetwork() });

	// A page that nobody looks at asks the server for nothing: a browser has few connections.
	const syncIfSeen = () => store.get().open && !document.hidden && chat.sync();
	addEventListener("online", syncIfSeen);
	document.addEventListener("visibilitychange", syncIfSeen);
	addEventListener("storage", ({ key }) => key === ACTIVITY_KEY && syncIfSeen());
	context.begin(chat.sync);
	const asksNobody = { introduce: () => undefined, skipContact: () => undefined };
	return createView(config, store, { ...chat, ...asksNobody });
}

/** After a frame without it: so the log sees that it was away, and goes back to its place (message-list.ts). */
function bringBack(widget: HTMLElement): void {
	requestAnimationFrame(() => {
		requestAnimationFrame(() => widget.isConnected || document.body?.append(widget));
	});
}

/** null: there is none, for this tag. */
function show(widget: HTMLElement | null): void {
	Reflect.set(window, MARK, widget);
	if (!widget) return;
	document.body.append(widget);
	// Some page frameworks put another body in the place of ours, and run no script of the head anew.
	new MutationObserver(() => bringBack(widget)).observe(document.documentElement, {
		childList: true,
	});
}

function start(script: HTMLScriptElement | null): void {
	const marked: unknown = Reflect.get(window, MARK);
	const known = marked instanceof HTMLElement ? marked : null;
	if (marked === PENDING) return;
	if (known?.isConnected) return;
	const widgetId = script?.getAttribute("data-widget")?.trim();
	// Others empty the body, and run its scripts anew: the chat comes back as it is.
	if (known) bringBack(known);
	else if (script && widgetId) {
		Reflect.set(window, MARK, PENDING);
		void startSocketChat(widgetId, script.src || document.baseURI, show);
	} else show(createWidget(configFrom(script)));
}

const script = findScript();
if (document.body) start(script);
else addEventListener("DOMContentLoaded", () => start(script), { once: true });
