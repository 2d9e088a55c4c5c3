// What the site's owner wrote on the script tag, checked. A value that is missing or makes
// no sense becomes its default: a typo must never take the chat off the page.

import type { Endpoint } from "./net/client";
import { parseHex, type Rgb } from "./ui/color";

export type ContactField = "name" | "email" | "phone";

/** Who writes is to be asked for, before anything else or at leisure. */
export interface ContactWish {
	readonly required: boolean;
	readonly fields: readonly ContactField[];
}

/** How the chat looks, and what it asks. */
export interface Config {
	readonly title: string;
	readonly welcomeMessage: string;
	readonly inputPlaceholder: string;
	readonly position: "left" | "right";
	readonly accent: Rgb;
	/** Text on the accent; null: what can be read on it. */
	readonly onAccent: Rgb | null;
	readonly contact: ContactWish | null;
}

/** What a tag with data-api-url says. */
export type TagConfig = Config & Endpoint;

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
