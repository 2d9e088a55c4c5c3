// The list of messages, and where in it the reader is.

import { el } from "./dom";
import { icon } from "./icons";
import { createMessage, type MessageView } from "./message";
import type { Message, State } from "./state";
import { WORDS } from "./wording";

/** Whoever is this near to the end, in pixels, wants to follow it. */
const NEAR_END = 40;

export interface Log {
	readonly node: HTMLElement;
	render(state: State): void;
}

interface Shown {
	readonly view: MessageView;
	message: Message | null;
	isLast: boolean;
}

export function createLog(onRetry: () => void): Log {
	// Not live itself: a screen reader would read out each token. announcer.ts speaks instead.
	const list = el("div", {
		class: "log",
		role: "log",
		"aria-live": "off",
		"aria-label": WORDS.conversation,
		tabindex: "0",
	});
	const jump = el(
		"button",
		{ type: "button", class: "jump", "aria-label": WORDS.latest, hidden: "" },
		icon("down"),
	);
	const node = el("div", { class: "log-frame" }, list, jump);
	const shown: Shown[] = [];
	let following = true;

	function follow(): void {
		following = true;
		jump.hidden = true;
		list.scrollTop = list.scrollHeight;
	}

	function retry(): void {
		// The button that has the focus is about to go.
		list.focus({ preventScroll: true });
		onRetry();
		follow();
	}

	function show(message: Message, isLast: boolean, index: number): void {
		let entry = shown[index];
		if (!entry) {
			entry = { view: createMessage(message, retry), message: null, isLast };
			shown.push(entry);
			list.append(entry.view.node);
			if (message.role === "user") following = true;
		}
		if (entry.message === message && entry.isLast === isLast) return;
		entry.view.render(message, isLast);
		entry.message = message;
		entry.isLast = isLast;
	}

	list.addEventListener(
		"scroll",
		() => {
			following = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END;
			jump.hidden = following;
		},
		{ passive: true },
	);
	jump.addEventListener("click", () => {
		list.focus({ preventScroll: true });
		follow();
	});
	// A growing composer or a phone's keyboard takes room away from below.
	if (typeof ResizeObserver === "function") {
		new ResizeObserver(() => following && follow()).observe(list);
	}

	return {
		node,
		render({ messages }) {
			messages.forEach((message, i) => {
				show(message, i === messages.length - 1, i);
			});
			if (following) follow();
			else jump.hidden = false;
		},
	};
}
