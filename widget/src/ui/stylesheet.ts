// Adds the style sheet to the shadow tree.

import { css } from "../styles/index.css";

/**
 * A Content-Security-Policy treats a <style> element as inline style, but not a constructed sheet.
 */
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
