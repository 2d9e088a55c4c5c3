// The element's place on the page.

/** Not `document.body`, which <img name="body"> hides; null while the page is being replaced. */
export const bodyOf = () => document.querySelector("body");

/** So often the element is back in the next frame; where the page still removes it at once, it waits longer each time. */
const QUICK_RETURNS_MAX = 10;
const DELAY_MS_MAX = 30_000;
const QUIET_MS = 60_000;

/**
 * Keeps the element in its place, until `signal` is aborted: frameworks replace the body, or what is in it, without
 * running the page's scripts again. In the body it is in the top layer, where the browser has one. `parent()`: of the
 * element, now. `moved` is called after each move. Returns the function that brings it back at once; `isExact`: also if
 * the page has put it deeper into its place.
 */
export function keepOnPage(
	host: HTMLElement,
	parent: () => Node | null,
	moved: (isInBody: boolean) => void,
	signal: AbortSignal,
): (isExact?: boolean) => void {
	let isAsked = false;
	let removals = 0;
	let delay = 0;
	let last = 0;

	function observe(): void {
		observer.disconnect();
		// A shadow tree has its own mutations.
		for (const tree of [document, host.getRootNode()])
			observer.observe(tree, { childList: true, subtree: true });
	}

	function settle(isExact?: boolean): void {
		const place = parent();
		if (signal.aborted || !place || (isExact ? host.parentNode === place : place.contains(host)))
			return;
		// A page that copies itself has also copied the element, without the chat in it.
		for (const one of document.querySelectorAll(host.localName)) one.shadowRoot ?? one.remove();
		place.appendChild(host);
		const isInBody = place === bodyOf();
		host.popover = isInBody ? "manual" : null;
		if (isInBody) host.showPopover?.();
		observe();
		moved(isInBody);
	}

	function comeBack(): void {
		isAsked = false;
		last = performance.now();
		settle();
	}

	const observer = new MutationObserver(() => {
		if (isAsked || (parent()?.contains(host) ?? true)) return;
		isAsked = true;
		const stayed = performance.now() - last;
		if (stayed > QUIET_MS) removals = delay = 0;
		else if (stayed < 500 && ++removals > QUICK_RETURNS_MAX)
			delay = Math.min(delay * 2 || 100, DELAY_MS_MAX);
		// A frame later: a page that removes what it does not know would be busy with that forever.
		if (delay) setTimeout(comeBack, delay);
		else requestAnimationFrame(comeBack);
	});
	signal.onabort = () => {
		observer.disconnect();
		host.parentNode?.removeChild(host);
	};
	observe();
	settle();
	return settle;
}
