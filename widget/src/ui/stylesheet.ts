// Puts the style sheet into the shadow tree.

import { css } from "../styles/index.css";

/** A constructed sheet is no inline style to a Content-Security-Policy; the element would be. */
export function addStyles(root: ShadowRoot): void {
	if ("adoptedStyleSheets" in Document.prototype && "replaceSync" in CSSStyleSheet.prototype) {
		const sheet = new CSSStyleSheet();
		sheet.replaceSync(css);
		root.adoptedStyleSheets = [sheet];
		return;
	}
	const style = document.createElement("style");
	style.textContent = css;
	root.append(style);
}
