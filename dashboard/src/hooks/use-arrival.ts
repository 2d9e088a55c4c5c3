// What a page load would do by itself, and a change of route has to do by hand:
// title, focus, scroll.

import { useLayoutEffect } from "preact/hooks";

let isFirstPage = true;

/**
 * On arrival `land` runs, once the page stands and before it is painted. It is
 * meant to place scroll and focus. The first page is the browser's own, where a
 * reader starts at the top: only "always" lands there too.
 */
export function useArrival(
	land: () => void,
	when: "route change" | "always" = "route change",
): void {
	useLayoutEffect(() => {
		const isDue = when === "always" || !isFirstPage;
		isFirstPage = false;
		// The router scrolls to the top in a layout effect of its own, after ours.
		if (isDue) queueMicrotask(land);
	}, []);
}

export function useTitle(title: string): void {
	useLayoutEffect(() => {
		document.title = `${title} · banter`;
	}, [title]);
}

/** For `land`: the page's heading, which makes a screen reader say where it is. */
export function focusHeading(): void {
	document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
}
