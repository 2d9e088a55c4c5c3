// The frame of the list of messages. The list is a part of its own, which is loaded when the chat opens; until then,
// the messages of a new conversation are plain text.

import { el, setChildren, spoken } from "../../dom";
import type { Message, State } from "../chat/state";
import type { OpenParts } from "../conversation";
import { type PartOwner, usePart } from "../parts";
import { createAvatar } from "./avatar";
import type { Tray } from "./composer";
import type { ListEvents, MessageList } from "./message-list";

export interface Log {
	readonly node: HTMLElement;
	render(state: State): void;
	/** Loads the list. */
	prepare(): void;
	/** What is new in a state, for a screen reader. */
	news(state: State): string[];
}

export type LogParts = PartOwner &
	Pick<OpenParts, "shell" | "words" | "settings"> & {
		/** An older app does not give it. */
		readonly tray?: Tray;
	};

/** What Markdown may show in another way. */
const MARKED = /[*_`~[<>&\\#|@+=]|\n\s*\n|^\s*(-|\d+[.)])|\/\/|www|tel:/im;

function createQuestion({ words }: LogParts, text: string): HTMLElement {
	const body = el("div", { class: "body" }, el("div", { class: "bubble", dir: "auto" }, text));
	return el("div", { class: "row user" }, spoken(words("youSaid")), body);
}

function createReply({ words, settings }: LogParts, text: string): HTMLElement {
	const { agentName, avatar } = settings;
	const name = agentName
		? el("p", { class: "name", dir: "auto" }, agentName)
		: spoken(words("theySaid"));
	const bubble = el("div", { class: "bubble" }, el("div", { class: "plain", dir: "auto" }, text));
	const body = el("div", { class: "body" }, name, bubble);
	return el("div", { class: "row assistant" }, createAvatar(agentName, avatar), body);
}

/** The messages of a new conversation as text, without a reply that is still being written in Markdown. */
function createTexts(parts: LogParts, { messages }: State): HTMLElement[] {
	const said = messages.slice(1);
	const isMarked = ({ role, text }: Message) => role === "assistant" && MARKED.test(text);
	const isOfPerson = (one: Message) => one.role === "assistant" && one.author !== null;
	if (said.slice(0, -1).some(isMarked) || said.some(isOfPerson)) return [];
	const rows = said
		.filter((one) => one.text && !isMarked(one))
		.map(({ role, text }) => (role === "user" ? createQuestion : createReply)(parts, text));
	for (const row of rows) row.classList.add("still");
	return rows;
}

/** `changed`: the list is there. */
export function createLog(parts: LogParts, events: ListEvents, changed: () => void): Log {
	// Not a live region: a screen reader would read each token. news.ts has what is announced.
	const node = el("div", {
		class: "log",
		role: "log",
		"aria-live": "off",
		"aria-label": parts.words("conversation"),
		tabindex: "0",
	});
	const frame = el("div", { class: "log-frame" }, node);
	const spinner = el("div", { class: "older loading", "aria-hidden": "true" });
	let list: MessageList | null = null;
	let news = (_: State): string[] => [];
	let isAsked = false;
	let greeting: HTMLElement | null = null;
	let first: State | null = null;

	function prepare(): void {
		if (isAsked) return;
		isAsked = true;
		void usePart("log", parts, ({ createMessageList, createNews }) => {
			list = createMessageList({ ...parts, events, createAvatar, usePart }, frame, node, greeting);
			// What has changed since then is news.
			if (first) {
				list.render(first);
				news = createNews(parts, first);
			}
			changed();
		});
	}

	function needsList({ messages, people }: State): boolean {
		return messages.length > 1 || people.phase !== "model";
	}

	return {
		node: frame,
		prepare,
		news: (state) => news(state),
		render(state) {
			if (list) {
				list.render(state);
				return;
			}
			const welcome = state.messages[0]?.text ?? "";
			const isMarked = MARKED.test(welcome);
			first ??= state;
			if (!greeting && !isMarked && first === state) greeting = createReply(parts, welcome);
			const nodes = [...(greeting ? [greeting] : []), ...createTexts(parts, state)];
			if (isMarked || needsList(state)) {
				prepare();
				nodes.push(spinner);
			}
			setChildren(node, nodes);
		},
	};
}
