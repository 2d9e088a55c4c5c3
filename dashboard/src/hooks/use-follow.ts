// Keeps a reader at the end of the page at the end when it grows; elsewhere only reports that there
// is more.

import { useCallback, useLayoutEffect, useRef, useState } from "preact/hooks";

/** Within this distance, in pixels, the reader counts as at the end. */
const SLACK_PX = 64;

function isAtEnd(): boolean {
	const page = document.documentElement;
	return window.scrollY + window.innerHeight >= page.scrollHeight - SLACK_PX;
}

function scrollToEnd(behavior: ScrollBehavior): void {
	window.scrollTo({ top: document.documentElement.scrollHeight, behavior });
}

export interface Follow {
	/** There is unread content below. */
	readonly isBehind: boolean;
	catchUp(): void;
}

/** `stamp` identifies the content and changes when the page has grown; empty: no content yet. */
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
		// In a microtask for the same reason as in useArrival().
		if (atEnd.current) queueMicrotask(() => scrollToEnd("instant"));
		else setBehind(true);
	}, [stamp]);

	const catchUp = useCallback(() => {
		const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
		scrollToEnd(calm ? "instant" : "smooth");
	}, []);

	return { isBehind, catchUp };
}
