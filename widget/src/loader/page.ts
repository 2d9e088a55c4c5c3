// The element's place on the page.

/**
 * Keeps the element on the page, until `signal` is aborted; in the body it is in the top layer where the browser
 * has one. `parent()`: of the element, now. Returns the function that brings it back.
 */
export function keepOnPage(
	host: HTMLElement,
	parent: () => Element,
	signal: AbortSignal,
): () => void {
	function add(): void {
		const place = parent();
		place.append(host);
		if (place !== document.body) return;
		host.popover = "manual";
		host.showPopover?.();
	}
	// After one frame without it, so that message-list.ts restores its scroll position.
	const bringBack = () =>
		requestAnimationFrame(() =>
			requestAnimationFrame(() => signal.aborted || host.isConnected || add()),
		);
	add();
	// Some page frameworks replace the body without running the head's scripts again.
	const observer = new MutationObserver(bringBack);
	observer.observe(document.documentElement, { childList: true });
	signal.onabort = () => {
		observer.disconnect();
		host.remove();
	};
	return bringBack;
}
