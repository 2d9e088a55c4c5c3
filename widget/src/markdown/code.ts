// A block of code: the language's name, a button that copies it, and its lines.

import { make } from "./dom";

export type CodeWords = (key: "copy" | "copied") => string;

export interface Code {
	readonly frame: HTMLElement;
	/** The element that holds the text. */
	readonly node: HTMLElement;
	beginLine(): void;
	add(text: string): void;
}

const NAME_MAX = 30;
/** The browser lays out only the last chunk again when a line is added. */
const CHUNK_LINES = 40;
const COPIED_MS = 2000;

function select(node: Node): void {
	getSelection()?.selectAllChildren(node);
	// Pages without HTTPS have no clipboard.
	document.execCommand("copy");
}

/** `text`: what to copy, where the browser has a clipboard. */
export async function copy(node: HTMLElement, text = node.textContent ?? ""): Promise<void> {
	try {
		await navigator.clipboard.writeText(text);
	} catch {
		select(node);
	}
}

function createButton(text: HTMLElement, words: CodeWords): HTMLElement {
	const button = make("button", { type: "button" });
	button.textContent = words("copy");
	button.addEventListener("click", async () => {
		await copy(text);
		button.textContent = words("copied");
		setTimeout(() => {
			button.textContent = words("copy");
		}, COPIED_MS);
	});
	return button;
}

export function createCode(language: string, words: CodeWords): Code {
	const text = make("code", { dir: "ltr" });
	const pre = make("pre", { tabindex: "0", dir: "ltr" });
	const name = make("span");
	const frame = make("div", { class: "code" });
	name.textContent = language.slice(0, NAME_MAX);
	pre.append(text);
	frame.append(name, createButton(text, words), pre);

	let chunk: Text | null = null;
	let lines = 0;

	function add(more: string): void {
		if (chunk) chunk.appendData(more);
		else if (more) {
			chunk = document.createTextNode(more);
			const span = make("span");
			span.append(chunk);
			text.append(span);
		}
	}

	return {
		frame,
		node: text,
		beginLine() {
			if (lines > 0) add("\n");
			if (lines % CHUNK_LINES === 0) chunk = null;
			lines++;
		},
		add,
	};
}
