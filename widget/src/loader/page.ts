// The element's place on the page.

/**
 * Adds the element again after one frame without it, so that message-list.ts restores its scroll
 * position.
 */
export function bringBack(host: HTMLElement, signal: AbortSignal): void {
	requestAnimationFrame(() =>
		requestAnimationFrame(() => signal.aborted || host.isConnected || document.body.append(host)),
	);
}

/** Until `signal` is aborted. */
export function keepOnPage(host: HTMLElement, signal: AbortSignal): void {
	document.body.append(host);
	// Some page frameworks replace the body without running the head's scripts again.
	const observer = new MutationObserver(() => bringBack(host, signal));
	observer.observe(document.documentElement, { childList: true });
	signal.onabort = () => {
		observer.disconnect();
		host.remove();
	};
}
