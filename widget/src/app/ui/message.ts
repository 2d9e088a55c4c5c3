// One message on the screen, updated from its state.

import { el, setChildren, spoken } from "../../dom";
import { createMarkdown } from "../../markdown/index";
import { splitLinks } from "../../markdown/links";
import { isLive, type Message, type Question, type Reply } from "../chat/state";
import { failureText, pauseText, type Words } from "../words";
import { type IconName, icon } from "./icons";

export interface MessageView {
	readonly node: HTMLElement;
	/** `isLast`: only the newest failed reply offers a retry. */
	render(message: Message, isLast: boolean): void;
}

function withLinks(text: string): (Node | string)[] {
	return splitLinks(text).map((piece) => {
		if (typeof piece === "string") return piece;
		const target = { href: piece.href, target: "_blank", rel: "noopener noreferrer" };
		return el("a", target, piece.label);
	});
}

function createQuestion(words: Words, { text }: Question): MessageView {
	const bubble = el("div", { class: "bubble", dir: "auto" }, ...withLinks(text));
	const node = el("div", { class: "row user" }, spoken(words("youSaid")), bubble);
	return { node, render: () => undefined };
}

function dots(words: Words): HTMLElement {
	const dot = () => el("i", { "aria-hidden": "true" });
	return el("span", { class: "dots" }, spoken(words("thinking")), dot(), dot(), dot());
}

function note(look: string, name: IconName, text: string, buttons: readonly HTMLElement[]) {
	return el("div", { class: `note ${look}` }, icon(name), el("p", {}, text), ...buttons);
}

function aside(name: IconName, text: string): HTMLElement {
	return el("p", { class: "aside" }, icon(name), text);
}

/** The note below a reply's text. `retry`: only for the newest one. */
function remarkOn(
	words: Words,
	{ phase, failure }: Reply,
	retry: HTMLElement | null,
): HTMLElement | null {
	if (phase === "stopped") return aside("stop", words("stopped"));
	if (phase === "cut") return aside("alert", words("cut"));
	if (phase === "paused") {
		// The visitor cannot shorten a wait that the server demands.
		const isSet = failure === "too_many" || failure === "busy";
		return note("pause", "wait", pauseText(words, failure), retry && !isSet ? [retry] : []);
	}
	if (phase !== "failed") return null;
	const sentence = failureText(words, failure);
	return retry ? note("failure", "alert", sentence, [retry]) : aside("alert", sentence);
}

/** The text of a reply. */
interface ReplyText {
	readonly node: HTMLElement;
	/** `isComplete`: no more text follows. */
	render(text: string, isComplete: boolean): void;
}

/** As it is, with links. */
function createPlainText(): ReplyText {
	const node = el("div", { class: "plain", dir: "auto" });
	/** The streaming text is appended in place, so that a selection survives. */
	let growing: Text | null = null;
	return {
		node,
		render(text, isComplete) {
			if (isComplete) {
				growing = null;
				node.replaceChildren(...withLinks(text));
			} else if (growing && text.startsWith(growing.data)) {
				growing.appendData(text.slice(growing.length));
			} else {
				growing = document.createTextNode(text);
				node.replaceChildren(growing);
			}
		},
	};
}

function createReply(words: Words, onRetry: () => void, isPlain: boolean): MessageView {
	const bubble = el("div", { class: "bubble" });
	const content = isPlain ? createPlainText() : createMarkdown({ words });
	const body = el("div", { class: "body" });
	const avatar = el("span", { class: "avatar" }, icon("spark"));
	const node = el("div", { class: "row assistant" }, avatar, spoken(words("theySaid")), body);
	const retry = el("button", { type: "button", class: "retry" }, icon("retry"), words("tryAgain"));
	retry.addEventListener("click", onRetry);

	function wait(): void {
		// Replacing the dots would restart their animation.
		if (!bubble.querySelector(".dots")) bubble.replaceChildren(dots(words));
	}

	function show(text: string, isComplete: boolean): void {
		content.render(text, isComplete);
		setChildren(bubble, [content.node]);
	}

	return {
		node,
		render(message, isLast) {
			if (message.role !== "assistant") return;
			node.dataset.phase = message.phase;
			if (message.phase === "waiting") wait();
			else show(message.text, !isLive(message));

			const hasBubble = message.text !== "" || message.phase === "waiting";
			const remark = remarkOn(words, message, isLast ? retry : null);
			setChildren(body, [...(hasBubble ? [bubble] : []), ...(remark ? [remark] : [])]);
		},
	};
}

/** `isPlain`: replies are shown as they are, without Markdown. */
export function createMessage(
	words: Words,
	message: Message,
	onRetry: () => void,
	isPlain: boolean,
): MessageView {
	if (message.role === "user") return createQuestion(words, message);
	return createReply(words, onRetry, isPlain);
}
