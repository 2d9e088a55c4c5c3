// The custom element with the button.

import { type Rgb, textOn } from "../color";
import { addStyles } from "../stylesheet";
import { css } from "./loader.css";

/** Its shadow tree isolates the page's style sheets and ours from each other. `look`: the frame's classes. */
export function createElement(look: string) {
	const host = document.createElement("banter-chat");
	const root = host.attachShadow({ mode: "open" });
	addStyles(root, css);
	const frame = root.appendChild(document.createElement("div"));
	const button = frame.appendChild(document.createElement("button"));
	frame.className = `frame ${look}`;
	return { host, root, frame, button };
}

/** Sets the accessible name. It begins with the visible text, if any (WCAG 2.5.3). */
export function label(button: HTMLElement, text: unknown): void {
	button.setAttribute("aria-label", `${button.textContent} ${text}`);
}

/**
 * Colours the button with the first colour of each list that the browser knows. The app corrects and completes
 * the colours, also those in notations such as oklch().
 */
export function paint(
	{ style }: HTMLElement,
	button: HTMLElement,
	wishes: Record<string, unknown[]>,
): void {
	for (const [name, colors] of Object.entries(wishes)) {
		const known = colors.find((one) => CSS.supports("color", one as string));
		style.setProperty(`--${name}`, known as string);
	}
	const { backgroundColor, color } = getComputedStyle(button);
	const rgb = (one: string): Rgb => one.match(/\d+/g)?.map(Number) ?? [];
	style.setProperty("--on-accent", `rgb(${textOn(rgb(backgroundColor), rgb(color))})`);
}
