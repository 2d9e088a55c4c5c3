import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig, type TagConfig } from "../src/config";

const DEFAULTS: TagConfig = {
	apiUrl: "https://chat.example/chat",
	apiKey: "",
	title: "Chat with us",
	welcomeMessage: "Hi there! How can we help?",
	inputPlaceholder: "Write a message…",
	position: "right",
	accent: { r: 79, g: 70, b: 229 },
	onAccent: null,
	contact: null,
};

function read(attributes: Record<string, string>, scriptUrl: string | null = SCRIPT): TagConfig {
	return readConfig({
		attribute: (name) => attributes[name] ?? null,
		scriptUrl,
		pageUrl: "https://shop.example/plants/fern",
		resolveColor: (text) => (text === "tomato" ? { r: 255, g: 99, b: 71 } : null),
	});
}

const SCRIPT = "https://chat.example/widget/chat-widget.js?v=3";

test("without attributes all is default, and the API is where the script came from", () => {
	assert.deepEqual(read({}), DEFAULTS);
});

test("an inline script talks to the page's own server", () => {
	assert.equal(read({}, null).apiUrl, "https://shop.example/chat");
});

test("the seven attributes of system A are taken as written", () => {
	const config = read({
		"data-api-url": "http://localhost:4000/chat",
		"data-api-key": "change-me-widget-key",
		"data-title": " Support ",
		"data-welcome-message": "Hey! How can I help?",
		"data-input-placeholder": "Type your question...",
		"data-position": "Left",
		"data-accent-color": "#0ea5e9",
	});
	assert.deepEqual(config, {
		apiUrl: "http://localhost:4000/chat",
		apiKey: "change-me-widget-key",
		title: "Support",
		welcomeMessage: "Hey! How can I help?",
		inputPlaceholder: "Type your question...",
		position: "left",
		accent: { r: 14, g: 165, b: 233 },
		onAccent: null,
		contact: null,
	});
});

const CASES: readonly [name: string, value: string, field: keyof TagConfig, result: unknown][] = [
	["data-api-url", "javascript:alert(1)", "apiUrl", DEFAULTS.apiUrl],
	["data-api-url", "https://", "apiUrl", DEFAULTS.apiUrl],
	["data-api-url", "/v1/chat/stream", "apiUrl", "https://shop.example/v1/chat/stream"],
	["data-title", "  ", "title", DEFAULTS.title],
	["data-position", "top", "position", "right"],
	["data-accent-color", "#ABC", "accent", { r: 170, g: 187, b: 204 }],
	["data-accent-color", "tomato", "accent", { r: 255, g: 99, b: 71 }],
	["data-accent-color", "#12345", "accent", DEFAULTS.accent],
	["data-accent-color", "red;} body{display:none", "accent", DEFAULTS.accent],
];

for (const [name, value, field, result] of CASES) {
	test(`${name}="${value}" makes ${field} ${JSON.stringify(result)}`, () => {
		assert.deepEqual(read({ [name]: value })[field], result);
	});
}
