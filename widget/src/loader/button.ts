// The custom element with the button.

import { el } from "../dom";
import { drawIcon } from "../draw";
import { addStyles } from "../stylesheet";
import { css } from "./loader.css";

/** A speech bubble; the style sheet rounds its corners. */
const CHAT = "M5 5h14v11h-8l-4 4v-4H5Z";

/** Its shadow tree isolates the page's style sheets and ours from each other. */
export function createElement(side: string) {
	const host = document.createElement("banter-chat");
	const root = host.attachShadow({ mode: "open" });
	addStyles(root, css);
	const button = el(
		"button",
		{ class: "launcher", "aria-expanded": "false" },
		drawIcon("icon-chat", CHAT),
		el("span", { class: "badge" }),
	);
	// Here before the first announcement, which a screen reader could miss otherwise.
	const live = el("div", { class: "spoken", "aria-live": "polite" });
	const frame = el("div", { class: `frame ${side}` }, button, live);
	root.append(frame);
	return { host, root, frame, button, live };
}

/** Sets the accessible name. */
export function label(button: HTMLElement, text: string): void {
	button.setAttribute("aria-label", text);
}

/** Replies that the visitor has not read; the style sheet hides an empty badge. */
export function showUnread(button: HTMLElement, unread: string | null): void {
	const badge = button.lastChild;
	if (badge) badge.textContent = unread && +unread ? unread : "";
}

/** WCAG's relative luminance above which white text has a contrast of less than 4.5. */
const LIGHT = 1.05 / 4.5 - 0.05;

function isLight(node: Element): boolean {
	const [r = 0, g = 0, b = 0] = (getComputedStyle(node).backgroundColor.match(/\d+/g) ?? []).map(
		(byte) => ((+byte / 255 + 0.055) / 1.055) ** 2.4,
	);
	return 0.2126 * r + 0.7152 * g + 0.0722 * b > LIGHT;
}

/** Colours the button; the app corrects and completes the colours. `text`: the site's own, if any. */
export function paint(frame: HTMLElement, button: Element, accent: string, text: string): void {
	frame.style.setProperty("--accent", accent);
	frame.style.setProperty("--on-accent", text || (isLight(button) ? "#0f172a" : "#fff"));
}
