// A reader at the end of the page stays at the end when it grows; a reader
// farther up is left in peace, and told that there is more.

import { useCallback, useLayoutEffect, useRef, useState } from "preact/hooks";

/** How near the end counts as being there: a line or two. */
const SLACK_PX = 64;

function isAtEnd(): boolean {
	const page = document.documentElement;
	return window.scrollY + window.innerHeight >= page.scrollHeight - SLACK_PX;
}

function scrollToEnd(behavior: ScrollBehavior): void {
	window.scrollTo({ top: document.documentElement.scrollHeight, behavior });
}

export interface Follow {
	/** Something new stands below what is seen. */
	readonly isBehind: boolean;
	catchUp(): void;
}

/** `stamp` names the content; whenever it changes, the page has grown. Empty: nothing is there yet. */
export function useFollow(stamp: string): Follow {
	const atEnd = useRef(true);
	const [isBehind, setBehind] = useState(false);

	useLayoutEffect(() => {
		const onScroll = () => {
			atEnd.current = isAtEnd();
			if (atEnd.current) setBehind(false);
		};
		window.addEventListener("scroll", onScroll, { passive: true });
		return () => window.removeEventListener("scroll", onScroll);
	}, []);

	useLayoutEffect(() => {
		if (stamp === "") return;
		// As a microtask for the same reason as in useArrival().
		if (atEnd.current) queueMicrotask(() => scrollToEnd("instant"));
		else setBehind(true);
	}, [stamp]);

	const catchUp = useCallback(() => {
		const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
		scrollToEnd(calm ? "instant" : "smooth");
	}, []);

	return { isBehind, catchUp };
}
