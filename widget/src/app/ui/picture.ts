// The picture on the button.

import { detach, el } from "../../dom";

/** The icon stays if the page's policy or the network refuses the picture. */
export function showPicture(button: HTMLElement, url: string, signal: AbortSignal): void {
	const image = el("img", { alt: "" });
	image.onload = () => signal.aborted || button.prepend(image);
	image.src = url;
	signal.addEventListener("abort", () => detach(image));
}
