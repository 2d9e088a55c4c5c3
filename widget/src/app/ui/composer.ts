// The text field with the send and stop buttons.

import { el } from "../../dom";
import { MAX_MESSAGE } from "../chat/chat";
import { isReplying, type State } from "../chat/state";
import type { Words } from "../words";
import { icon } from "./icons";

/** The length from which the counter is shown. */
const COUNT_FROM = MAX_MESSAGE - 400;

export interface Composer {
	readonly node: HTMLElement;
	render(state: State): void;
	focus(): void;
	/** Puts a text into the field. */
	prefill(text: string): void;
}

/**
 * Return also confirms input-method composition (Japanese, Chinese, …); Safari reports that only by
 * key code 229.
 */
function isComposing(event: KeyboardEvent): boolean {
	return event.isComposing || event.keyCode === 229;
}

/** The second click of a double click on "Send" must not stop the reply. */
const STOP_AFTER_MS = 500;

/** Replaces "Send" while a reply streams. */
function createStop(words: Words, onStop: () => void) {
	const node = el(
		"button",
		{ type: "button", class: "send stop", "aria-label": words("stop"), hidden: "" },
		icon("stop"),
	);
	let shownAt = 0;
	node.addEventListener("click", ({ detail, timeStamp }) => {
		// 0: by keyboard. Uses the event's own time, because a busy page handles it late.
		if (detail === 0 || timeStamp - shownAt > STOP_AFTER_MS) onStop();
	});
	return {
		node,
		show(shown: boolean, stopping: boolean) {
			if (shown && node.hidden) shownAt = performance.now();
			node.hidden = !shown;
			// Not `disabled`, which would lose the focus.
			node.setAttribute("aria-disabled", String(stopping));
		},
	};
}

export interface ComposerEvents {
	/** Returns whether the message was accepted. */
	send(text: string): boolean;
	stop(): void;
}

export function createComposer(
	words: Words,
	placeholder: string,
	events: ComposerEvents,
): Composer {
	const input = el("textarea", {
		rows: "1",
		placeholder: placeholder || words("placeholder"),
		dir: "auto",
		"aria-label": words("yourMessage"),
		"aria-describedby": "counter",
		enterkeyhint: "send",
		autocomplete: "off",
	});
	const send = el(
		"button",
		{ type: "submit", class: "send", "aria-label": words("send") },
		icon("send"),
	);
	const counter = el("span", { class: "counter", id: "counter" });
	const stop = createStop(words, events.stop);
	const box = el("div", { class: "box" }, input, send, stop.node);
	const node = el("form", { class: "composer" }, box, counter);
	let replying = false;

	function fit(): void {
		// Limited by the style sheet's max-height.
		input.style.height = "auto";
		input.style.height = `${input.scrollHeight}px`;
	}

	function check(): void {
		const { length } = input.value.trim();
		const tooLong = length > MAX_MESSAGE;
		send.disabled = replying || tooLong || length === 0;
		input.setAttribute("aria-invalid", String(tooLong));
		counter.textContent = length < COUNT_FROM ? "" : countText(length);
	}

	const countText = (length: number) =>
		words("messageCount", {
			length: length.toLocaleString(),
			limit: MAX_MESSAGE.toLocaleString(),
		});

	function submit(): void {
		if (!events.send(input.value)) return;
		input.value = "";
		fit();
		check();
		input.focus();
	}

	input.addEventListener("input", () => {
		fit();
		check();
	});
	input.addEventListener("keydown", (event) => {
		if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
		event.preventDefault();
		submit();
	});
	node.addEventListener("submit", (event) => {
		event.preventDefault();
		submit();
	});

	return {
		node,
		focus: () => input.focus({ preventScroll: true }),
		prefill(text) {
			input.value = text;
			fit();
			check();
		},
		render(state) {
			const hadFocus = stop.node.matches(":focus");
			replying = isReplying(state);
			send.hidden = replying;
			stop.show(replying, state.stopping);
			check();
			// The focused button is gone: focus the field, except on touch screens, where that
			// opens the keyboard.
			const isTouch = matchMedia("(pointer: coarse)").matches;
			if (hadFocus && !replying && !isTouch) input.focus({ preventScroll: true });
		},
	};
}
