// The text field with the send and stop buttons.

import { el } from "../../dom";
import { isReplying, MAX_MESSAGE, type State, type Wish } from "../chat/state";
import type { Words } from "../words";
import { icon, SEND, STOP } from "./icons";

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

/** What the message that is being written has beside its text: the part for files sets `wish` and `sent`. */
export interface Tray {
	/** false: it is not ready to be sent. */
	wish?: Wish | undefined;
	/** Whether it is not ready yet, but soon: then it calls `submit`. */
	hold?(submit: () => void): boolean;
	/** The message was accepted. */
	sent?(): void;
	/** The composer's box, and what to call when `wish` has changed. */
	box?: HTMLElement;
	check?(): void;
}

export interface ComposerEvents {
	/** Returns whether the message was accepted. */
	send(text: string, wish?: Wish): boolean;
	readonly tray: Tray;
	stop(): void;
	/** The visitor is typing. */
	type(): void;
	/** The text that the visitor has not sent yet. */
	readonly draft?: { get(): string; set(text: string): void };
}

export function createComposer(
	words: Words,
	placeholder: string,
	events: ComposerEvents,
): Composer {
	const input = el("textarea", {
		rows: "1",
		placeholder: placeholder || words("placeholder"),
		"aria-label": words("yourMessage"),
		"aria-describedby": "notice counter",
		enterkeyhint: "send",
		autocomplete: "off",
	});
	const send = el("button", { class: "send", "aria-label": words("send") }, icon(SEND));
	const counter = el("span", { class: "counter", id: "counter" });
	/** Beside "Send" while a reply runs. */
	const stop = el(
		"button",
		{ class: "send stop", "aria-label": words("stop") },
		icon(STOP, "filled"),
	);
	const box = el("div", { class: "box" }, input, stop, send);
	// No form: a page in a sandbox may not allow forms.
	const node = el("div", { class: "composer" }, box, counter);

	const { tray } = events;
	tray.box = box;
	tray.check = check;
	let isFitted = false;

	function fit(): void {
		// Limited by the style sheet's max-height.
		input.style.height = "auto";
		input.style.height = `${input.scrollHeight}px`;
	}

	function check(): void {
		const { length } = input.value.trim();
		const tooLong = length > MAX_MESSAGE;
		send.disabled = tooLong || !(tray.wish ?? length);
		input.setAttribute("aria-invalid", String(tooLong));
		// An empty field would be left-to-right, with the placeholder of any language.
		input.dir = input.value ? "auto" : "";
		counter.textContent = length < COUNT_FROM ? "" : countText(length);
	}

	function changed(): void {
		fit();
		check();
		events.draft?.set(input.value);
	}

	const countText = (length: number) =>
		words("messageCount", {
			length: length.toLocaleString(),
			limit: MAX_MESSAGE.toLocaleString(),
		});

	function submit(): void {
		if (send.disabled || tray.hold?.(submit) || !events.send(input.value, tray.wish)) return;
		tray.sent?.();
		input.value = "";
		changed();
		input.focus();
	}

	input.addEventListener("input", () => {
		changed();
		events.type();
	});
	input.addEventListener("keydown", (event) => {
		if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
		event.preventDefault();
		submit();
	});
	send.addEventListener("click", submit);
	stop.addEventListener("click", () => events.stop());

	input.value = events.draft?.get() ?? "";
	check();
	return {
		node,
		focus: () => input.focus({ preventScroll: true }),
		prefill(text) {
			input.value = text;
			changed();
		},
		render(state) {
			const hadFocus = stop.matches(":focus");
			const replying = isReplying(state);
			stop.hidden = !replying;
			// A draft of several lines, now that the field is on the page and has its width.
			if (!isFitted) fit();
			isFitted = true;
			// Not `disabled`, which would lose the focus.
			stop.setAttribute("aria-disabled", String(state.stopping));
			// The focused button is gone: focus the field, except on touch screens, where that
			// opens the keyboard.
			const isTouch = matchMedia("(pointer: coarse)").matches;
			if (hadFocus && !replying && !isTouch) input.focus({ preventScroll: true });
		},
	};
}
