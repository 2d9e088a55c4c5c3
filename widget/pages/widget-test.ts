// The playground: controls for every option, the chat on a site beside them, its tag and settings to copy, and
// what happens. The address has the options, so that they can be shared; never the key.

import { addControls } from "./controls";
import { forgetKey, keepKey, takeKey } from "./key";
import { Log } from "./log";
import { addMethods, EVENT_NAMES, type Method } from "./methods";
import { OPTIONS, type Option } from "./options";
import { byId, copies } from "./page";
import { openSite, type Site } from "./site";
import { embedSnippet } from "./snippet";
import { attributesFor, baselineOf, type Kind, settingsFor } from "./tag";

type Values = Readonly<Record<string, unknown>>;

/** What the shop chooses, if the address has no options. */
const SHOP: readonly (readonly [string, string])[] = [
	["title", "Fernlight Plants"],
	["welcomeMessage", "Hi! Ask me anything about plants."],
	["inputPlaceholder", "Ask about a plant…"],
	["accentColor", "#1f6f54"],
];
/** Typing ends when nothing was typed for so long. */
const PAUSE_MS = 300;

const tagForm = byId("tag", HTMLFormElement);
const keyInput = byId("key", HTMLInputElement);
const widgetInput = byId("widget", HTMLInputElement);
const status = byId("status", HTMLElement);
const count = byId("count", HTMLElement);
const log = new Log(byId("events", HTMLOListElement));

/** The options that were chosen, by name. */
const choices = new Map<string, string>();
/** The reply of /settings for the tag that is shown. */
let record: Values = {};
let kind: Kind | null = null;
let site: Site | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let heard = 0;

/** Options with a server's address are not taken: the key would go there. */
function readAddress(): void {
	const query = new URLSearchParams(location.search);
	for (const { name } of OPTIONS) {
		const value = query.get(name);
		if (value !== null && name !== "apiUrl") choices.set(name, value);
	}
	widgetInput.value = query.get("widget") ?? "";
	if (choices.size === 0 && widgetInput.value === "") for (const one of SHOP) choices.set(...one);
	keyInput.value = takeKey() ?? "";
	const chosen = widgetInput.value === "" ? "key" : "widget";
	for (const radio of tagForm.querySelectorAll<HTMLInputElement>("[name=kind]"))
		radio.checked = radio.value === chosen;
}

function writeAddress(): void {
	const query = new URLSearchParams([...choices].filter(([name]) => name !== "apiUrl"));
	if (kind?.tag === "widget") query.set("widget", kind.widget);
	history.replaceState(null, "", `${location.pathname}${query.size > 0 ? `?${query}` : ""}`);
}

/** null: the key or the id is missing. */
function readKind(): Kind | null {
	const key = keyInput.value.trim();
	const widget = widgetInput.value.trim();
	if (new FormData(tagForm).get("kind") === "widget")
		return widget === "" ? null : { tag: "widget", widget };
	return key === "" ? null : { tag: "key", key };
}

const isKeyed = () => kind?.tag !== "widget";

/** Shows the options, the tag and the settings. */
function render(): void {
	controls.fill((option) => baselineOf(option, isKeyed(), record), choices);
	const shown = kind ?? { tag: "key", key: "…" };
	const attributes = attributesFor(location.origin, shown, choices);
	byId("snippet", HTMLElement).textContent = embedSnippet(attributes);
	const settings = JSON.stringify({ settings: settingsFor(record, choices) }, null, 2);
	byId("settings", HTMLElement).textContent = settings;
	writeAddress();
}

/** Why there is no chat; "": there is one. */
async function fetchRecord(): Promise<string> {
	record = {};
	if (kind === null) return "First the key, or a widget’s id.";
	const reply =
		kind.tag === "key"
			? await fetch("/v1/chat/settings", { headers: { "x-api-key": kind.key } })
			: await fetch(`/api/widget/${encodeURIComponent(kind.widget)}/settings`);
	if (reply.ok) record = await reply.json();
	if (reply.status === 401) return "The server refuses this key.";
	if (reply.status === 404 && kind.tag === "widget")
		return `There is no chat: no widget ${kind.widget} is enabled here.`;
	return "";
}

async function rebuild(): Promise<void> {
	const isThere = kind !== null && status.textContent === "";
	await site?.show(isThere && kind ? attributesFor(location.origin, kind, choices) : null);
}

/** Another tag: its settings are the options' defaults. */
async function begin(): Promise<void> {
	kind = readKind();
	if (kind?.tag === "key") keepKey(kind.key);
	status.textContent = await fetchRecord().catch(String);
	render();
	await rebuild();
}

function change(option: Option, value: string): void {
	if (value === baselineOf(option, isKeyed(), record)) choices.delete(option.name);
	else choices.set(option.name, value);
	render();
	clearTimeout(timer);
	timer = setTimeout(() => void rebuild(), PAUSE_MS);
}

function note(text: string, how: string): void {
	log.add(text, how);
	heard += 1;
	count.textContent = String(heard);
}

const listener = ({ type, detail }: CustomEvent) =>
	note(`listener of ${type}: ${JSON.stringify(detail)}`, "event");

function perform(method: Method, ...args: unknown[]): void {
	const banter = site?.window.banter;
	note(`banter(${[method, ...args].map((one) => JSON.stringify(one)).join(", ")})`, "call");
	if (!banter) {
		note("There is no chat: “Reload the chat” adds it again.", "error");
		return;
	}
	const all = method === "on" || method === "off" ? [...args, listener] : args;
	(banter as unknown as (...all: unknown[]) => void)(method, ...all);
}

function start(): void {
	site = openSite(byId("site", HTMLIFrameElement), byId("shop", HTMLTemplateElement));
	for (const name of EVENT_NAMES)
		site.document.addEventListener(`banter:${name}`, ({ type, detail }) =>
			note(`${type} ${JSON.stringify(detail)}`, "event"),
		);
	void begin();
}

function onClick(id: string, task: () => void): void {
	byId(id, HTMLButtonElement).addEventListener("click", task);
}

tagForm.addEventListener("submit", (event) => {
	event.preventDefault();
	void begin();
});
onClick("forget", () => {
	forgetKey();
	keyInput.value = "";
	void begin();
});
onClick("rebuild", () => void rebuild());
onClick("reset-options", () => {
	choices.clear();
	render();
	void rebuild();
});
onClick("clear", () => {
	log.clear();
	heard = 0;
	count.textContent = "";
});
copies(byId("copy", HTMLButtonElement), byId("snippet", HTMLElement));
copies(byId("copy-settings", HTMLButtonElement), byId("settings", HTMLElement));
const controls = addControls(byId("options", HTMLFormElement), change);
addMethods(byId("methods", HTMLElement), perform, (reason) => note(reason, "error"));
readAddress();
// A browser may replace an empty frame's document until the page has loaded.
if (document.readyState === "complete") start();
else addEventListener("load", start);
