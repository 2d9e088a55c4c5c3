// Starts the chat on the page with our script tag.

import { createChat } from "./chat/chat";
import { createChatContext } from "./chat/context";
import { ACTIVITY_KEY } from "./chat/session";
import { readConfig, type TagConfig } from "./config";
import { createNetwork } from "./net/backoff";
import { createClient } from "./net/client";
import { startSocketChat } from "./socket/start";
import { parseHex, type Rgb } from "./ui/color";
import { createView } from "./ui/view";

/**
 * Our only property of `window`: holds the element, so that a second tag does not add a second
 * chat.
 */
const MARK = Symbol.for("banter.chat");

/** The value while the widget's settings are loading. */
const PENDING = "pending";

/** `currentScript` is null for modules and scripts added by tag managers. */
function findScript(): HTMLScriptElement | null {
	const current = document.currentScript;
	if (current instanceof HTMLScriptElement) return current;
	const ours =
		'script[data-api-key], script[data-widget], script[src*="/chat-widget.js"], script[src*="/embed.js"]';
	return document.querySelector<HTMLScriptElement>(ours);
}

/** Parses any CSS colour: a canvas returns `#rrggbb` for opaque colours. */
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

	// A hidden page sends no requests: browsers limit the connections to a server.
	const syncIfSeen = () => store.get().open && !document.hidden && chat.sync();
	addEventListener("online", syncIfSeen);
	document.addEventListener("visibilitychange", syncIfSeen);
	addEventListener("storage", ({ key }) => key === ACTIVITY_KEY && syncIfSeen());
	context.begin(chat.sync);
	const asksNobody = { introduce: () => undefined, skipContact: () => undefined };
	return createView(config, store, { ...chat, ...asksNobody });
}

/**
 * Adds the element again after one frame without it, so that message-list.ts restores its scroll
 * position.
 */
function bringBack(widget: HTMLElement): void {
	requestAnimationFrame(() => {
		requestAnimationFrame(() => widget.isConnected || document.body?.append(widget));
	});
}

/** null: this tag shows no widget. */
function show(widget: HTMLElement | null): void {
	Reflect.set(window, MARK, widget);
	if (!widget) return;
	document.body.append(widget);
	// Some page frameworks replace the body without running the head's scripts again.
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
	// Others empty the body and run its scripts again: show the existing chat.
	if (known) bringBack(known);
	else if (script && widgetId) {
		Reflect.set(window, MARK, PENDING);
		void startSocketChat(widgetId, script.src || document.baseURI, show);
	} else show(createWidget(configFrom(script)));
}

const script = findScript();
if (document.body) start(script);
else addEventListener("DOMContentLoaded", () => start(script), { once: true });
