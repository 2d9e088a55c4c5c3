// What the visitor can do with a message: read its time, copy it, rate it.

import { detach, el } from "../../dom";
import { copy } from "../../markdown/code";
import type { Message, Rating } from "../chat/state";
import type { Settings } from "../settings";
import type { Words } from "../words";
import type { Clock } from "./clock";
import { CHECK, COPY, type Icon, icon, SEND, UP, WAIT } from "./icons";

export interface ActionParts {
	readonly words: Words;
	readonly settings: Settings;
	readonly clock: Clock;
	readonly events: {
		/** `id`: of the reply. null takes the rating back. */
		rate(id: string, rating: Rating | null, comment?: string): void;
	};
}

export interface Actions {
	readonly node: HTMLElement;
	render(message: Message): void;
}

/** The longest comment on a reply that the API accepts, in UTF-16 code units. */
const COMMENT_MAX = "1000";

function createButton(path: Icon, label: string): HTMLButtonElement {
	return el("button", { class: "action", "aria-label": label, title: label }, icon(path));
}

/** Copies a message's source. `bubble`: selected and copied where the browser has no clipboard. */
function createCopy(words: Words, bubble: HTMLElement, text: () => string): HTMLElement {
	const button = createButton(COPY, words("copy"));
	function show(word: "copy" | "copied"): void {
		button.title = words(word);
		button.setAttribute("aria-label", words(word));
		button.replaceChildren(icon(word === "copied" ? CHECK : COPY));
	}
	button.addEventListener("click", async () => {
		await copy(bubble, text());
		show("copied");
	});
	for (const type of ["pointerleave", "blur"]) button.addEventListener(type, () => show("copy"));
	return button;
}

/** The optional comment below a reply that was not helpful. */
function createComment(words: Words, send: (comment: string) => void, close: () => void) {
	const label = words("whatWasWrong");
	const input = el("input", {
		"aria-label": label,
		placeholder: label,
		maxlength: COMMENT_MAX,
		enterkeyhint: "send",
	});
	const button = createButton(SEND, words("send"));
	const node = el("div", { class: "comment" }, input, button);
	function submit(): void {
		if (input.value.trim()) send(input.value.trim());
		close();
	}
	button.addEventListener("click", submit);
	input.addEventListener("keydown", (event) => {
		if (event.isComposing) return;
		if (event.key === "Enter") {
			// Else the button that gets the focus is clicked.
			event.preventDefault();
			submit();
		}
		if (event.key !== "Escape") return;
		// Not the chat.
		event.stopPropagation();
		close();
	});
	return { node, input };
}

/** `rate` is called with null if the visitor takes the rating back. */
function createRating({ words, events: { rate } }: ActionParts, below: HTMLElement) {
	const up = createButton(UP, words("helpful"));
	const down = createButton(UP, words("notHelpful"));
	down.classList.add("down");
	let id = "";
	let rating: Rating | null = null;

	function close(): void {
		const hadFocus = comment.node.matches(":focus-within");
		detach(comment.node);
		if (hadFocus) down.focus({ preventScroll: true });
	}
	const comment = createComment(words, (text) => rate(id, "down", text), close);

	function choose(chosen: Rating): void {
		const next = rating === chosen ? null : chosen;
		rate(id, next);
		close();
		if (next !== "down") return;
		below.append(comment.node);
		comment.input.focus();
	}
	up.addEventListener("click", () => choose("up"));
	down.addEventListener("click", () => choose("down"));
	return {
		buttons: [up, down],
		render(newId: string, now: Rating | null) {
			id = newId;
			rating = now;
			up.setAttribute("aria-pressed", String(rating === "up"));
			down.setAttribute("aria-pressed", String(rating === "down"));
		},
	};
}

const STEPS: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowLeft: -1 };

/** One Tab stop for all buttons of a message: the arrow keys move between them. */
function createBar(...children: Node[]): HTMLElement {
	const bar = el("div", { class: "meta", role: "toolbar" }, ...children);
	const buttons = () => [...bar.querySelectorAll("button")];
	bar.addEventListener("focusin", ({ target }) => {
		for (const one of buttons()) one.tabIndex = one === target ? 0 : -1;
	});
	bar.addEventListener("keydown", (event) => {
		const step = STEPS[event.key];
		if (!step) return;
		event.preventDefault();
		const all = buttons();
		const at = all.findIndex((one) => one.tabIndex === 0);
		all[at + (getComputedStyle(bar).direction === "rtl" ? -step : step)]?.focus();
	});
	return bar;
}

export function createActions(parts: ActionParts, bubble: HTMLElement): Actions {
	const { words, settings, clock } = parts;
	let text = "";
	const time = el("time");
	const copyButton = createCopy(words, bubble, () => text);
	const queued = el("span", {}, icon(WAIT), words("queued"));
	const meta = createBar(time, copyButton);
	const node = el("div", {}, meta);
	let rating: ReturnType<typeof createRating> | null = null;

	return {
		node,
		render(message) {
			const { at } = message;
			text = message.text;
			copyButton.hidden = !text;
			const waits = message.role === "user" && message.isQueued;
			meta.classList.toggle("queued", waits);
			if (waits) meta.prepend(queued);
			else detach(queued);
			time.textContent = settings.showTimes && at !== null ? clock.time(at) : "";
			if (message.role === "user" || !settings.rating || message.id === null || message.author)
				return;
			if (!rating) {
				rating = createRating(parts, node);
				for (const one of rating.buttons) one.tabIndex = -1;
				meta.append(...rating.buttons);
			}
			rating.render(message.id, message.rating);
		},
	};
}
