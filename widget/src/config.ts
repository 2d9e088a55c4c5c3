// What the site's owner wrote on the script tag, checked. A value that is missing or makes
// no sense becomes its default: a typo must never take the chat off the page.

import { parseHex, type Rgb } from "./color";

export interface Config {
	readonly apiUrl: string;
	readonly apiKey: string;
	readonly title: string;
	readonly welcomeMessage: string;
	readonly inputPlaceholder: string;
	readonly position: "left" | "right";
	readonly accent: Rgb;
}

/** What reading needs to know of the page; the tests hand in their own. */
export interface Surroundings {
	/** The value of an attribute of the script tag, null without one. */
	attribute(name: string): string | null;
	/** Where the script came from; null when it is inline. */
	readonly scriptUrl: string | null;
	readonly pageUrl: string;
	/** Any colour that CSS knows; null when it is none, or not opaque. */
	resolveColor(text: string): Rgb | null;
}

const DEFAULT_ACCENT: Rgb = { r: 79, g: 70, b: 229 };

function resolveUrl(text: string, base: string): string | null {
	try {
		const url = new URL(text, base);
		return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
	} catch {
		return null;
	}
}

function readApiUrl(page: Surroundings, written: string): string {
	const own = resolveUrl("/chat", page.scriptUrl ?? page.pageUrl) ?? "/chat";
	return written === "" ? own : (resolveUrl(written, page.pageUrl) ?? own);
}

export function readConfig(page: Surroundings): Config {
	const text = (name: string, fallback = "") => page.attribute(name)?.trim() || fallback;
	const color = text("data-accent-color");
	return {
		apiUrl: readApiUrl(page, text("data-api-url")),
		apiKey: text("data-api-key"),
		title: text("data-title", "Chat with us"),
		welcomeMessage: text("data-welcome-message", "Hi there! How can we help?"),
		inputPlaceholder: text("data-input-placeholder", "Write a message…"),
		position: text("data-position").toLowerCase() === "left" ? "left" : "right",
		accent: (color && (parseHex(color) ?? page.resolveColor(color))) || DEFAULT_ACCENT,
	};
}
