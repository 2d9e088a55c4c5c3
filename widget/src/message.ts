// One message on the screen, and how it follows its state.

import { el, setChildren, spoken } from "./dom";
import { icon } from "./icons";
import { splitLinks } from "./links";
import type { Message, Question, Reply } from "./state";
import { FAILURES, WORDS } from "./wording";

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

function failureNote(reply: Reply, retry: HTMLButtonElement | null): HTMLElement {
	const sentence = el("p", {}, FAILURES[reply.failure ?? "broken"]);
	return el("div", { class: "failure" }, icon("alert"), sentence, ...(retry ? [retry] : []));
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
			if (message.phase === "waiting") bubble.replaceChildren(dots());
			else if (message.phase === "streaming") stream(message.text);
			else settle(message.text);

			const parts: HTMLElement[] = bubble.hasChildNodes() ? [bubble] : [];
			if (message.phase === "failed") parts.push(failureNote(message, isLast ? retry : null));
			setChildren(body, parts);
		},
	};
}

export function createMessage(message: Message, onRetry: () => void): MessageView {
	return message.role === "user" ? createQuestion(message) : createReply(onRetry);
}
