// The scroll position of the list: it follows the end, or it stays where the visitor reads. A greeting alone is read from
// its beginning.

import { el } from "../../dom";
import type { Words } from "../words";
import { DOWN, icon } from "./icons";

/** Within this distance of the end, in pixels, the list follows new text. */
const NEAR_END = 40;
/** Within this distance of the beginning, in pixels, older messages are loaded. */
const NEAR_START = 200;

export interface Scroll {
	/** The button that leads to the end. */
	readonly jump: HTMLElement;
	isFollowing(): boolean;
	isNearStart(): boolean;
	follow(): void;
	/** Changes the list by `draw` without a jump; `anchor`: a node that stays. */
	keep(anchor: HTMLElement | undefined, draw: () => void): void;
	/** `count`: of the messages below that the visitor has not seen. */
	count(count: number): void;
}

export function createScroll(
	words: Words,
	list: HTMLElement,
	moved: () => void,
	signal: AbortSignal,
): Scroll {
	const jump = el("button", { class: "jump", hidden: "" });
	let following = true;
	let label = "";

	const isGreeting = () => !list.children[1];

	/** Hidden at the end, but not while it has the focus, which would be lost: Tab may have scrolled the list there. */
	function update(): void {
		jump.hidden = (following || isGreeting()) && !jump.matches(":focus");
	}
	jump.addEventListener("blur", update);

	function follow(): void {
		following = true;
		update();
		if (!isGreeting()) list.scrollTop = list.scrollHeight;
	}

	const scrolled = () => {
		following = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END;
		update();
		moved();
	};
	list.addEventListener("scroll", scrolled, { passive: true });
	list.addEventListener("grow", () => following && follow());
	jump.addEventListener("click", () => {
		list.focus({ preventScroll: true });
		follow();
		moved();
	});
	// A growing text field or a phone's keyboard shrinks the list from below.
	const observer = new ResizeObserver(() => following && follow());
	observer.observe(list);
	signal.addEventListener("abort", () => observer.disconnect());

	return {
		jump,
		isFollowing: () => following,
		isNearStart: () => list.scrollTop < NEAR_START,
		follow,
		keep(anchor, draw) {
			const before = following ? 0 : anchor?.offsetTop;
			const hadMore = !isGreeting();
			draw();
			if (hadMore && isGreeting()) list.scrollTop = 0;
			else if (following) follow();
			else if (anchor) list.scrollTop += anchor.offsetTop - (before ?? 0);
		},
		count(count) {
			update();
			const text = words(count > 0 ? "newMessages" : "latest", { count });
			if (text === label) return;
			label = text;
			jump.title = text;
			jump.setAttribute("aria-label", text);
			jump.replaceChildren(icon(DOWN), count > 0 ? text : "");
		},
	};
}
