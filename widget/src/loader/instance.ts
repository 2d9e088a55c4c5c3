// One widget on the page: its settings, its button, and the app once it is needed.

import type { Call, Language, Shell, Tag, Values } from "../shell";
import { createElement, label, paint } from "./button";
import { keepEvents } from "./events";
import { chooseLanguage, fetchLanguage } from "./language";
import { fetchRecord, importApp, pause, whenIdle } from "./load";
import { bodyOf, keepOnPage } from "./page";
import { serverOf } from "./tag";

export interface Instance {
	readonly id: string;
	readonly identity: string;
	/** A promise for open and send: whether it was done. */
	call(call: Call): unknown;
	/** Another tag for the same widget: show it at once if the page has removed it. */
	back(): void;
}

/** The calls that need the app at once; the others wait until the visitor needs it. */
const URGENT = /open|toggle|send|prefill|reset|placed/;

/** The others are mistakes of the page. */
const METHODS =
	/^(open|close|toggle|show|hide|mount|unmount|send|prefill|identify|context|locale|theme|reset|destroy|on|off)$/;

/** Whoever clicks so soon after the chat has opened by itself has not seen that, and wants to open it. */
const SURPRISE_S = 0.5;

/** What visitors do before they click; a touch also begins with pointerenter. */
const INTENTS = ["pointerenter", "focus"];

const OPEN = "Open chat";
const FAILED = "Could not be loaded";

type DrawnShell = Shell & { language: Language };

const isUrgent = (call: Call) => URGENT.test(call[0]);

/** `instances`: those of the page; a widget that is destroyed or not available leaves them. */
export function createInstance(script: Tag, identity: string, instances: Instance[]): Instance {
	const { dataset } = script;
	const abort = new AbortController();
	const { signal } = abort;
	const widgetId = dataset.widget?.trim() ?? "";
	const id = dataset.id || widgetId || "chat";
	const server = serverOf(script.src, dataset.apiUrl ?? "");
	const space = widgetId && `.${widgetId}`;
	const overrides: Record<string, unknown> & { hidden?: boolean } = {};
	let waiting: Call[] = [];
	/** The ends of the calls that wait. */
	const ends = new Map<Call, (result: unknown) => void>();
	let shell: DrawnShell | undefined;
	let loading = false;
	/** What a click does: until the app is there, a closed button is all that the visitor sees. */
	let click = "open";
	/** Where the page's script has put the chat. */
	let mounted: Element | undefined;
	let settle = (_isExact?: boolean) => {};
	let pass = (call: Call): unknown => {
		waiting.push(call);
		if (isUrgent(call)) load();
		return new Promise((done) => ends.set(call, done));
	};

	function emit(name: string, more?: Values): void {
		const detail = Object.freeze({ widget: id, ...more });
		document.dispatchEvent(new CustomEvent(`banter:${name}`, { detail }));
	}

	async function loadNow(shell: DrawnShell): Promise<void> {
		loading = true;
		try {
			const importing = importApp(server);
			// First the texts: they set the label, which a failure replaces.
			await speak();
			const app = await importing;
			if (signal.aborted) return;
			pass = app.start(shell);
			pause(shell.wasOpen ? SURPRISE_S : 0, signal).then(() => {
				click = "toggle";
			});
			for (const one of waiting.splice(0)) ends.get(one)?.(pass(one));
		} catch {
			loading = false;
			// The next intent shall not open the chat by itself.
			waiting = waiting.filter(([method]) => method !== click);
			for (const end of ends.values()) end(false);
			const { button } = shell;
			label(button, FAILED);
			button.title = FAILED;
			emit("error", { code: "not_loaded" });
		}
	}

	function load(): void {
		if (shell && !loading) void loadNow(shell);
	}

	/** A browser may forbid storage. */
	function stored(name: string): string {
		const key = `banter.${name}${space}`;
		try {
			return localStorage[key] ?? sessionStorage[key];
		} catch {
			return "";
		}
	}

	/** The language that page and visitor want now. */
	function wished(): string {
		const wishes = [overrides.locale, dataset.locale, shell?.record.locale];
		return chooseLanguage([...wishes, document.documentElement.lang, ...navigator.languages]);
	}

	async function speak(): Promise<void> {
		const code = wished();
		if (!shell || code === shell.language.code) return;
		shell.language = await fetchLanguage(server, code);
		// The site's own text comes first.
		const own = shell.record.texts as Record<string, Values> | undefined;
		const { openChat } = { ...own, ...own?.[code] };
		label(shell.button, openChat ?? shell.language.texts[0]);
	}

	function draw(record: Values): void {
		const { target, mode = "", accentColor, textColor, position } = dataset;
		const place = () =>
			(mounted?.isConnected && mounted) || (target && document.querySelector(target)) || bodyOf();
		const element = createElement(`${position ?? record.position ?? ""} ${mode}`);
		const { host, frame, button } = element;
		shell = {
			...element,
			id,
			script,
			widgetId,
			server,
			space,
			record,
			overrides,
			language: { code: "", texts: [] },
			signal,
			emit,
			wasOpen: stored("open") > "0",
		};
		let isAlive = false;
		host.addEventListener("alive", () => {
			isAlive = true;
		});
		const moved = (isInBody: boolean) => {
			isAlive = false;
			host.dispatchEvent(new CustomEvent("alive"));
			if (!isAlive) return again();
			frame.classList.toggle("inline", !isInBody);
			host.toggleAttribute("data-inline", !isInBody);
			waiting = waiting.filter(([method]) => !/moved|placed/.test(method));
			pass([isInBody ? "moved" : "placed"]);
		};
		settle = keepOnPage(host, place, moved, signal);
		host.hidden = overrides.hidden as boolean;
		for (const name of ["zIndex", "offsetX", "offsetY"]) {
			const value = (dataset[name] ?? record[name]) as string;
			if (+value >= 0) host.style.setProperty(`--${name}`, value);
		}
		const { style, text } = Object(record.launcher);
		const launcher = mode ? "none" : (dataset.launcherStyle ?? style);
		button.className = `launcher ${launcher}`;
		paint(frame, button, {
			accent: [accentColor, record.primary_color, widgetId ? "#6366f1" : "#0ea5e9"],
			"on-accent": [textColor, record.text_color, "#fff"],
		});
		if (launcher === "text") button.append(dataset.launcherText ?? text);
		for (const intent of INTENTS) button.addEventListener(intent, load, { signal });
		button.addEventListener("click", () => pass([click]), { signal });
		label(button, OPEN);
		if (record.texts || wished() !== "en") speak().catch(() => {});
		if (
			mode ||
			launcher === "picture" ||
			shell.wasOpen ||
			["unread", "sending", "sending.unsent"].some((name) => stored(name) > "0") ||
			waiting.some(isUrgent)
		)
			load();
		emit("ready");
		const teaser = Object(record.teaser);
		if (dataset.teaserText || teaser.text)
			pause(dataset.teaserDelaySeconds ?? teaser.delaySeconds ?? 5, signal).then(load);
	}

	async function begin(): Promise<void> {
		// A page's policy may allow requests to the API's server only.
		const api = widgetId ? server : serverOf(dataset.apiUrl ?? "", script.src);
		// With the settings, so that the first click opens the chat at once.
		if (!(navigator as { connection?: { saveData?: boolean } }).connection?.saveData) {
			void importApp(server);
			void fetchLanguage(server, wished()).catch(() => {});
		}
		const record = await fetchRecord(api, widgetId, dataset.apiKey ?? "", signal);
		if (signal.aborted) return;
		// open-chat-widget's tag has its own title, welcome and colours.
		if (record) draw({ ...(widgetId && record), ...Object(record.settings) });
		else leave();
	}

	/** document.open() has removed every listener: begins from what the browser stores. */
	function again(): void {
		instances.push(createInstance(script, identity, instances));
		leave();
	}

	function leave(): void {
		abort.abort();
		for (const end of ends.values()) end(false);
		instances.splice(instances.indexOf(instance), 1);
		if (!instances[0]) delete (window as { banter?: unknown }).banter;
	}

	function call(call: Call): unknown {
		const [method, first, listener] = call as readonly [string, unknown, EventListener];
		const event = `banter:${first}`;
		settle();
		if (!METHODS.test(method)) console.warn("[banter] No such method:", method);
		if (method === "on") document.addEventListener(event, listener, { signal });
		else if (method === "off") document.removeEventListener(event, listener);
		else if (method === "destroy") leave();
		else if (/^(un)?mount$/.test(method)) {
			// The component of the next route may mount before the one of the last unmounts.
			if (method === "unmount" && first && first !== mounted) return undefined;
			mounted = method === "mount" ? (first as Element) : undefined;
			settle(true);
		} else if (method === "show" || method === "hide") {
			overrides.hidden = method === "hide";
			if (shell) shell.host.hidden = overrides.hidden as boolean;
			pass(call);
		} else if (method === "theme" || method === "locale") {
			overrides[method] = first;
			// The app, if it is there, draws itself again.
			void speak().then(() => pass(call));
		} else return Promise.resolve(pass(call));
		return undefined;
	}

	const instance = {
		id,
		identity,
		call: (one: Call) => (signal.aborted ? Promise.resolve(false) : call(one)),
		back: () => settle(),
	};
	const whenBody = () => whenIdle(() => signal.aborted || begin());
	keepEvents(() => shell?.host, signal);
	if (bodyOf()) whenBody();
	else addEventListener("DOMContentLoaded", whenBody, { once: true, signal });
	return instance;
}
