// The picture of who writes: the site's, else the name's initials, else an icon.

import { detach, el } from "../../dom";
import { icon, SPARK } from "./icons";

/** The first letters of the first and the last word. */
export function initialsOf(name: string): string {
	const words = name.split(/\s+/).filter(Boolean);
	const ends = words.length > 1 ? [words[0], words[words.length - 1]] : words;
	return ends
		.map((word) => [...(word ?? "")][0])
		.join("")
		.toLocaleUpperCase();
}

/** Of the circle of colours, in degrees. */
function hueOf(name: string): number {
	let hue = 0;
	for (const one of name) hue = (hue * 31 + one.charCodeAt(0)) % 360;
	return hue;
}

/**
 * Decorative: the name is beside it. `picture`: its address, or none. The initials of a `person` have a colour that
 * depends on the name.
 */
export function createAvatar(name: string, picture?: string, person?: unknown): HTMLElement {
	const node = el(
		"span",
		{ class: "avatar", "aria-hidden": "true" },
		initialsOf(name) || icon(SPARK, "filled"),
	);
	// As dark as white letters need it in every hue.
	if (person) node.style.cssText = `background:hsl(${hueOf(name)},45%,32%);color:#fff`;
	if (picture) {
		const image = el("img", { src: picture, alt: "" });
		// Also if the page's policy forbids it.
		image.addEventListener("error", () => detach(image));
		node.append(image);
	}
	return node;
}
