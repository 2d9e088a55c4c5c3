// The demo shop: asks for the key, adds the chat to the page and shows its script tag. With
// ?widget=wid_… it shows that widget with its settings from the server and needs no key.

import { el } from "../src/dom";
import { forgetKey, keepKey, takeKey } from "./key";
import { byId, copies } from "./page";
import { type Attributes, embedSnippet } from "./snippet";

const look = new URLSearchParams(location.search);

function attributesFor(key: string): Attributes {
	return [
		["src", `${location.origin}/widget/chat-widget.js`],
		["data-api-url", `${location.origin}/chat`],
		["data-api-key", key],
		["data-title", look.get("title") ?? "Fernlight Plants"],
		["data-welcome-message", look.get("welcome") ?? "Hi! Ask me anything about plants."],
		["data-input-placeholder", look.get("placeholder") ?? "Ask about a plant…"],
		["data-position", look.get("position") ?? "right"],
		["data-accent-color", look.get("accent") ?? "#1f6f54"],
	];
}

function widgetAttributes(id: string): Attributes {
	return [
		["src", `${location.origin}/api/widget/embed.js`],
		["data-widget", id],
	];
}

function showChat(attributes: Attributes): void {
	document.body.append(el("script", Object.fromEntries(attributes)));
	byId("snippet", HTMLElement).textContent = embedSnippet(attributes);
	for (const id of ["ready", "hint"]) byId(id, HTMLElement).hidden = false;
	byId("ask-key", HTMLElement).hidden = true;
}

/** Reports a widget that does not exist or is disabled, which would otherwise be invisible. */
async function tellIfMissing(id: string): Promise<void> {
	const answer = await fetch(`/api/widget/${encodeURIComponent(id)}/config`);
	if (answer.status !== 404) return;
	byId("hint", HTMLElement).textContent = `There is no chat: no widget ${id} is enabled here.`;
}

function askForKey(): void {
	const form = byId("key-form", HTMLFormElement);
	const input = byId("key", HTMLInputElement);
	byId("ask-key", HTMLElement).hidden = false;
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		const key = input.value.trim();
		if (key === "") return input.focus();
		keepKey(key);
		showChat(attributesFor(key));
	});
}

/** The form submits to the URL's query, so that a variant can be bookmarked. */
function fillLookForm(): void {
	const form = byId("look-form", HTMLFormElement);
	for (const [name, value] of look) {
		const field = form.elements.namedItem(name);
		if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement) {
			field.value = value;
		}
	}
}

byId("forget", HTMLButtonElement).addEventListener("click", () => {
	forgetKey();
	location.reload();
});
copies(byId("copy", HTMLButtonElement), byId("snippet", HTMLElement));
fillLookForm();

const widget = look.get("widget");
const key = widget === null ? takeKey() : null;
if (widget !== null) {
	// Key and appearance come from the widget's settings.
	for (const id of ["forget", "look-form"]) byId(id, HTMLElement).hidden = true;
	showChat(widgetAttributes(widget));
	void tellIfMissing(widget);
} else if (key !== null) showChat(attributesFor(key));
else askForKey();
