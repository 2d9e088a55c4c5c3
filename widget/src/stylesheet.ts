// Adds a style sheet to a shadow tree.

/** A Content-Security-Policy treats a <style> element as inline style, but not a constructed sheet. */
export function addStyles(root: ShadowRoot, css: string): void {
	try {
		const sheet = new CSSStyleSheet();
		sheet.replaceSync(css);
		root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
	} catch {
		// An old browser.
		root.appendChild(document.createElement("style")).textContent = css;
	}
}
