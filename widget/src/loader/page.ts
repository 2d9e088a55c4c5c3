// The element's place on the page.

/** Not `document.body`, which <img name="body"> hides; null while the page is being replaced. */
export const bodyOf = () => document.querySelector("body");

/**
 * Keeps the element in its place, until `signal` is aborted: frameworks replace the body, or what is in it, without
 * running the page's scripts again. In the body it is in the top layer, where the browser has one. `parent()`: of the
 * element, now. `moved` is called after each move. Returns the function that puts it in its place at once.
 */
export function keepOnPage(
	host: HTMLElement,
	parent: () => Node | null,
	moved: (isInBody: boolean) => void,
	signal: AbortSignal,
): () => void {
	let isAsked = false;

	function settle(): void {
		const place = parent();
		isAsked = false;
		if (signal.aborted || !place || host.parentNode === place) return;
		// A page that copies itself has also copied the element, without the chat in it.
		for (const one of document.querySelectorAll(host.localName)) one.shadowRoot ?? one.remove();
		place.appendChild(host);
		const isInBody = place === bodyOf();
		host.popover = isInBody ? "manual" : null;
		if (isInBody) host.showPopover?.();
		// A shadow tree has its own mutations.
		for (const tree of [document, host.getRootNode()])
			observer.observe(tree, { childList: true, subtree: true });
		moved(isInBody);
	}

	const observer = new MutationObserver(() => {
		// A frame later: a page that removes what it does not know would be busy with that forever.
		if (!isAsked && host.parentNode !== parent()) requestAnimationFrame(settle);
		isAsked ||= host.parentNode !== parent();
	});
	signal.onabort = () => {
		observer.disconnect();
		host.parentNode?.removeChild(host);
	};
	settle();
	return settle;
}
