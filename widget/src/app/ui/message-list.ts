// The list of messages and its scroll position.

import { el } from "../../dom";
import type { Message, State } from "../chat/state";
import type { Words } from "../words";
import { icon } from "./icons";
import { createMessage, type MessageView } from "./message";

/** Within this distance of the end, in pixels, the list follows new text. */
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

/**
 * Sets the children to `nodes` without moving a node that is in place: moving loses the selection.
 */
function arrange(parent: HTMLElement, nodes: readonly HTMLElement[]): void {
	const wanted = new Set<Node>(nodes);
	for (const child of [...parent.childNodes]) if (!wanted.has(child)) child.remove();
	nodes.forEach((node, i) => {
		if (parent.childNodes[i] !== node) parent.insertBefore(node, parent.childNodes[i] ?? null);
	});
}

/** `isPlain`: replies are shown as they are, without Markdown. */
export function createLog(
	words: Words,
	isPlain: boolean,
	onRetry: () => void,
	signal: AbortSignal,
): Log {
	// Not a live region: a screen reader would read each token. announcer.ts announces replies.
	const list = el("div", {
		class: "log",
		role: "log",
		"aria-live": "off",
		"aria-label": words("conversation"),
		tabindex: "0",
	});
	const jump = el(
		"button",
		{ type: "button", class: "jump", "aria-label": words("latest"), hidden: "" },
		icon("down"),
	);
	const node = el("div", { class: "log-frame" }, list, jump);
	let shown: ReadonlyMap<string, Shown> = new Map();
	let following = true;

	function follow(): void {
		following = true;
		jump.hidden = true;
		list.scrollTop = list.scrollHeight;
	}

	function retry(): void {
		// The focused button is about to disappear.
		list.focus({ preventScroll: true });
		onRetry();
		follow();
	}

	function show(message: Message, isLast: boolean): Shown {
		const known = shown.get(message.key);
		const view = known?.view ?? createMessage(words, message, retry, isPlain);
		const entry = known ?? { view, message: null, isLast };
		if (!known && message.role === "user") following = true;
		if (entry.message !== message || entry.isLast !== isLast) {
			entry.view.render(message, isLast);
			entry.message = message;
			entry.isLast = isLast;
		}
		return entry;
	}

	function showAll(messages: readonly Message[]): void {
		const last = messages.length - 1;
		// Several messages at once come from the history and appear without animation.
		const inBulk = messages.length > shown.size + 2;
		const entries = messages.map((message, i) => {
			const entry = show(message, i === last);
			if (inBulk) entry.view.node.classList.add("still");
			return entry;
		});
		shown = new Map(entries.map((entry, i) => [messages[i]?.key ?? "", entry]));
		arrange(
			list,
			entries.map(({ view }) => view.node),
		);
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
	// A growing text field or a phone's keyboard shrinks the list from below.
	const observer = new ResizeObserver(() => following && follow());
	observer.observe(list);
	signal.addEventListener("abort", () => observer.disconnect());

	return {
		node,
		render({ messages }) {
			showAll(messages);
			if (following) follow();
			else jump.hidden = false;
		},
	};
}
