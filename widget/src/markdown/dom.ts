// Puts parts into elements. Text only becomes text nodes: never HTML.

import { detach } from "../dom";
import { type Parsed, parseInline, WINDOW } from "./inline";
import { LINK, type Where } from "./links";
import type { Part } from "./parts";

export function make<K extends keyof HTMLElementTagNameMap>(
	tag: K,
	attributes: Readonly<Record<string, string>> = {},
): HTMLElementTagNameMap[K] {
	const node = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
	return node;
}

function setText(node: Text, text: string): void {
	// Appending keeps the visitor's selection.
	if (text.startsWith(node.data)) {
		if (text.length > node.length) node.appendData(text.slice(node.length));
	} else node.data = text;
}

function create(part: Part): Node {
	if (typeof part === "string") return document.createTextNode(part);
	const { tag, href, parts } = part;
	const node = make(tag, href ? { href, ...LINK } : {});
	node.append(...parts.map(create));
	return node;
}

/** Whether the node could be updated to the part. */
function update(node: ChildNode | null, part: Part): boolean {
	if (typeof part === "string") {
		if (!(node instanceof Text)) return false;
		setText(node, part);
		return true;
	}
	const isSame =
		node instanceof HTMLElement &&
		node.localName === part.tag &&
		(node.getAttribute("href") ?? "") === part.href;
	if (isSame) patch(node, part.parts, node.firstChild);
	return isSame;
}

/** Changes the children from `first` on to these parts; unchanged ones keep their node. */
function patch(parent: Element, parts: readonly Part[], first: ChildNode | null): void {
	let node = first;
	for (const part of parts) {
		const next: ChildNode | null = node?.nextSibling ?? null;
		if (!update(node, part)) {
			if (node) node.replaceWith(create(part));
			else parent.append(create(part));
		}
		node = next;
	}
	while (node) {
		const next: ChildNode | null = node.nextSibling;
		detach(node);
		node = next;
	}
}

/** Text with marks that grows at its end. What no further text can change is not parsed again. */
export interface Prose {
	readonly text: string;
	add(text: string): void;
	/** Shows a mark in place of the first `length` characters. */
	skip(length: number, mark: HTMLElement): void;
	/** `end`: nothing after this position is shown yet. `tail`: the text that follows; null: none. */
	show(tail: string | null, end?: number): void;
	/** Moves everything to another element. */
	moveTo(next: HTMLElement): void;
}

export function createProse(first: HTMLElement, where: Where): Prose {
	let node = first;
	let text = "";
	let from = 0;
	/** The last node that does not change any more. */
	let settled: ChildNode | null = null;
	/** The rest is shown as it is. */
	let isPlain = false;

	const growing = () => (settled ? settled.nextSibling : node.firstChild);

	/** Moves parts that do not change any more into a block of their own, which is laid out once. */
	function settle(parts: readonly Part[]): void {
		const block = make("span");
		block.append(...parts.map(create));
		patch(node, [], growing());
		node.append(block);
		settled = block;
	}

	/** The next part of the text. `tail`: the text that follows; null: none. */
	function parse(end: number, tail: string | null): Parsed {
		const source = text.slice(from, end);
		const before = text.slice(Math.max(0, from - 16), from);
		const context = { before, live: tail !== null, where };
		const parsed = isPlain ? null : parseInline(source + (tail ?? ""), context);
		if (parsed) return parsed;
		isPlain = true;
		return { done: [], length: 0, rest: [source] };
	}

	return {
		get text() {
			return text;
		},
		add(more) {
			text += more;
		},
		skip(length, mark) {
			from = length;
			node.replaceChildren(mark);
			settled = mark;
		},
		show(tail, end = text.length) {
			while (!isPlain && from + WINDOW < end) {
				const { done, length } = parse(from + WINDOW, "");
				settle(done);
				from += length;
			}
			const { rest } = parse(end, tail);
			patch(node, rest, growing());
		},
		moveTo(next) {
			next.append(...node.childNodes);
			node.replaceWith(next);
			node = next;
		},
	};
}
