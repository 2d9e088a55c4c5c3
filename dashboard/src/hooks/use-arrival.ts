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

let shownTitle = "";
let shownCount = 0;

function writeTitle(): void {
	document.title = `${shownCount > 0 ? `(${shownCount}) ` : ""}${shownTitle} · banter`;
}

export function useTitle(title: string): void {
	useLayoutEffect(() => {
		shownTitle = title;
		writeTitle();
	}, [title]);
}

/** Before the title of every page: how many wait for a person. */
export function useTitleCount(count: number): void {
	useLayoutEffect(() => {
		shownCount = count;
		writeTitle();
		return () => {
			shownCount = 0;
		};
	}, [count]);
}

/** For `land`: focuses the page's heading, so that a screen reader announces the page. */
export function focusHeading(): void {
	document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
}
