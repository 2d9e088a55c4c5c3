// Does on a route change what a browser does on a page load: title, focus, scroll.

import { useLayoutEffect } from "preact/hooks";

let isFirstPage = true;

/**
 * Runs `land` after rendering and before painting, to set scroll and focus. The first page of a
 * load is left to the browser, except with "always".
 */
export function useArrival(
	land: () => void,
	when: "route change" | "always" = "route change",
): void {
	useLayoutEffect(() => {
		const isDue = when === "always" || !isFirstPage;
		isFirstPage = false;
		// The router scrolls to the top in its own layout effect, which runs after ours.
		if (isDue) queueMicrotask(land);
	}, []);
}

export function useTitle(title: string): void {
	useLayoutEffect(() => {
		document.title = `${title} · banter`;
	}, [title]);
}

/** For `land`: focuses the page's heading, so that a screen reader announces the page. */
export function focusHeading(): void {
	document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
}
