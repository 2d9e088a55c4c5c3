// One message on the screen, and how it follows its state.

import { el, setChildren, spoken } from "./dom";
import { icon } from "./icons";
import { splitLinks } from "./links";
import type { Message, Question, Reply } from "./state";
import { FAILURES, pauseSentence, WORDS } from "./wording";

export interface MessageView {
	readonly node: HTMLElement;
	/** `isLast`: only the newest failure can be tried again. */
	render(message: Message, isLast: boolean): void;
}

function withLinks(text: string): (Node | string)[] {
	return splitLinks(text).map((piece) => {
		if (typeof piece === "string") return piece;
		const target = { href: piece.href, target: "_blank", rel: "noopener noreferrer" };
		return el("a", target, piece.text);
	});
}

function createQuestion({ text }: Question): MessageView {
	const bubble = el("div", { class: "bubble", dir: "auto" }, ...withLinks(text));
	const node = el("div", { class: "row user" }, spoken(WORDS.youSaid), bubble);
	return { node, render: () => undefined };
}

function dots(): HTMLElement {
	const dot = () => el("i", { "aria-hidden": "true" });
	return el("span", { class: "dots" }, spoken(WORDS.thinking), dot(), dot(), dot());
}

/** What is to be said about a reply besides its text. */
function noteOn({ phase, failure }: Reply, retry: readonly HTMLElement[]): HTMLElement[] {
	switch (phase) {
		case "failed": {
			const sentence = el("p", {}, FAILURES[failure ?? "broken"]);
			return [el("div", { class: "note failure" }, icon("alert"), sentence, ...retry)];
		}
		case "paused": {
			// It is not the visitor who may shorten what the server has asked for.
			const isSet = failure === "too_many" || failure === "busy";
			const sentence = el("p", {}, pauseSentence(failure));
			const button = isSet ? [] : retry;
			return [el("div", { class: "note pause" }, icon("wait"), sentence, ...button)];
		}
		case "stopped":
			return [el("p", { class: "stopped" }, icon("stop"), WORDS.stopped)];
		default:
			return [];
	}
}

function createReply(onRetry: () => void): MessageView {
	const bubble = el("div", { class: "bubble", dir: "auto" });
	const body = el("div", { class: "body" });
	const avatar = el("span", { class: "avatar" }, icon("spark"));
	const node = el("div", { class: "row assistant" }, avatar, spoken(WORDS.theySaid), body);
	const retry = el("button", { type: "button", class: "retry" }, icon("retry"), WORDS.tryAgain);
	retry.addEventListener("click", onRetry);

	/** The text that is still coming: grows in place, so that a selection in it survives. */
	let growing: Text | null = null;

	function wait(): void {
		growing = null;
		bubble.replaceChildren(dots());
	}

	function stream(text: string): void {
		if (growing && text.startsWith(growing.data)) {
			growing.appendData(text.slice(growing.length));
			return;
		}
		growing = document.createTextNode(text);
		bubble.replaceChildren(growing);
	}

	function settle(text: string): void {
		growing = null;
		bubble.replaceChildren(...withLinks(text));
	}

	return {
		node,
		render(message, isLast) {
			if (message.role !== "assistant") return;
			node.dataset.phase = message.phase;
			if (message.phase === "waiting") wait();
			else if (message.phase === "streaming" || message.phase === "paused") stream(message.text);
			else settle(message.text);

			const note = noteOn(message, isLast ? [retry] : []);
			setChildren(
				body,
				message.text !== "" || message.phase === "waiting" ? [bubble, ...note] : note,
			);
		},
	};
}

export function createMessage(message: Message, onRetry: () => void): MessageView {
	return message.role === "user" ? createQuestion(message) : createReply(onRetry);
}
