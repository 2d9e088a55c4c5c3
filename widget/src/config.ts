// Reads the attributes of the script tag. A missing or invalid value becomes its default: a typo
// must not remove the chat from the page.

import type { Endpoint } from "./net/client";
import { parseHex, type Rgb } from "./ui/color";

export type ContactField = "name" | "email" | "phone";

/** The contact details to ask for, required first or optional. */
export interface ContactWish {
	readonly required: boolean;
	readonly fields: readonly ContactField[];
}

/** The appearance and the contact form. */
export interface Config {
	readonly title: string;
	readonly welcomeMessage: string;
	readonly inputPlaceholder: string;
	readonly position: "left" | "right";
	readonly accent: Rgb;
	/** The text colour on the accent; null: chosen by contrast. */
	readonly onAccent: Rgb | null;
	readonly contact: ContactWish | null;
}

/** The attributes of a tag with data-api-url. */
export type TagConfig = Config & Endpoint;

/** The page as seen by readConfig(); tests pass their own. */
export interface Surroundings {
	/** The value of the script tag's attribute; null if absent. */
	attribute(name: string): string | null;
	/** The script's URL; null for an inline script. */
	readonly scriptUrl: string | null;
	readonly pageUrl: string;
	/** Parses any CSS colour; null if invalid or not opaque. */
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

export function readConfig(page: Surroundings): TagConfig {
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
		onAccent: null,
		contact: null,
	};
}
