// Where the visitor writes.

import { MAX_MESSAGE } from "../chat/chat";
import { isReplying, type State } from "../chat/state";
import { messageCount, WORDS } from "../wording";
import { el } from "./dom";
import { icon } from "./icons";

/** From this length on the counter shows how much is left. */
const COUNT_FROM = MAX_MESSAGE - 400;

export interface Composer {
	readonly node: HTMLElement;
	render(state: State): void;
	focus(): void;
}

/** Return ends a composed character (Japanese, Chinese, …); Safari says so by 229 only. */
function isComposing(event: KeyboardEvent): boolean {
	return event.isComposing || event.keyCode === 229;
}

/** The second click of a double click on "Send" must not stop what the first one asked for. */
const STOP_AFTER_MS = 500;

/** Takes the place of "Send" while a reply is written. */
function createStop(onStop: () => void) {
	const node = el(
		"button",
		{ type: "button", class: "send stop", "aria-label": WORDS.stop, hidden: "" },
		icon("stop"),
	);
	let shownAt = 0;
	node.addEventListener("click", ({ detail, timeStamp }) => {
		// 0: by the keyboard. When it was clicked counts, however late a busy page hears of it.
		if (detail === 0 || timeStamp - shownAt > STOP_AFTER_MS) onStop();
	});
	return {
		node,
		show(shown: boolean, stopping: boolean) {
			if (shown && node.hidden) shownAt = performance.now();
			node.hidden = !shown;
			// Not disabled: that would take the focus away.
			node.setAttribute("aria-disabled", String(stopping));
		},
	};
}

export interface ComposerEvents {
	/** Says whether the message was taken. */
	send(text: string): boolean;
	stop(): void;
}

export function createComposer(placeholder: string, events: ComposerEvents): Composer {
	const input = el("textarea", {
		rows: "1",
		placeholder,
		dir: "auto",
		"aria-label": WORDS.yourMessage,
		"aria-describedby": "counter",
		enterkeyhint: "send",
		autocomplete: "off",
	});
	const send = el(
		"button",
		{ type: "submit", class: "send", "aria-label": WORDS.send },
		icon("send"),
	);
	const counter = el("span", { class: "counter", id: "counter" });
	const stop = createStop(events.stop);
	const box = el("div", { class: "box" }, input, send, stop.node);
	const node = el("form", { class: "composer" }, box, counter);
	let replying = false;

	function fit(): void {
		// The style sheet's max-height has the last word.
		input.style.height = "auto";
		input.style.height = `${input.scrollHeight}px`;
	}

	function check(): void {
		const { length } = input.value.trim();
		const tooLong = length > MAX_MESSAGE;
		send.disabled = replying || tooLong || length === 0;
		input.setAttribute("aria-invalid", String(tooLong));
		counter.textContent = length < COUNT_FROM ? "" : messageCount(length, MAX_MESSAGE);
	}

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
		render(state) {
			const hadFocus = stop.node.matches(":focus");
			replying = isReplying(state);
			send.hidden = replying;
			stop.show(replying, state.stopping);
			check();
			// The button that has the focus has gone. (A touch screen's keyboard stays away.)
			const isTouch = matchMedia("(pointer: coarse)").matches;
			if (hadFocus && !replying && !isTouch) input.focus({ preventScroll: true });
		},
	};
}
