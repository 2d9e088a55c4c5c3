// The blocks that contain text: paragraphs, headings, code, tables.

import { detach } from "../dom";
import { createCode } from "./code";
import { createProse, make } from "./dom";
import { unescaped } from "./escapes";
import { type Fence, LINE_MAX } from "./line";
import type { Where } from "./links";
import { createTable, readColumns } from "./table";

export interface Options extends Where {
	readonly words: Words;
	/** The level of the headings that stand for `#`. */
	readonly heading?: number;
}

export type Words = (key: "copy" | "copied" | "taskDone" | "taskOpen") => string;

/** The open block, which receives text. */
export interface Leaf {
	readonly kind: "paragraph" | "heading" | "indented" | "fence" | "table";
	/** The element at whose end the text grows. */
	readonly node: Element;
	beginLine(): void;
	add(text: string): void;
	/** `live`: more text may follow. `isInLine`: in the same line. */
	show(live: boolean, isInLine: boolean): void;
}

export interface Paragraph extends Leaf {
	/** Turns it into a heading. */
	raise(level: number): void;
	/** Turns its last line into the header of a table, if this is the second line of one. */
	tabulate(delimiters: string): Table | null;
}

export interface Table extends Leaf {
	/** The element for the page. */
	readonly frame: HTMLElement;
}

export interface CodeLeaf extends Leaf {
	readonly frame: HTMLElement;
	/** The closing fence begins with this. */
	readonly fence: string;
	/** The columns before the fence, which the lines may have too. */
	readonly indent: number;
}

/** A line that begins with a pipe is held back until it is known whether it begins a table. */
const ROW_HELD_MAX = 400;

export function makeHeading(level: number, { heading = 3 }: Options): HTMLElement {
	return make(`h${Math.min(6, level + heading - 1)}` as "h1");
}

function createTaskBox(isDone: boolean, words: Words): HTMLElement {
	const label = words(isDone ? "taskDone" : "taskOpen");
	const box = make("input", { type: "checkbox", disabled: "", "aria-label": label });
	box.checked = isDone;
	return box;
}

/** `item`: the item of a list that begins with this paragraph. */
export function createParagraph(
	first: HTMLElement,
	item: HTMLElement | null,
	options: Options,
): Paragraph {
	const prose = createProse(first, options);
	let node = first;
	let mayBeTask = item !== null;
	let lines = 0;

	function findTask(text: string): void {
		const task = mayBeTask && /^\[([ xX])\][ \n]/.exec(text);
		if (!task) return;
		mayBeTask = false;
		item?.classList.add("task");
		prose.skip(4, createTaskBox(task[1] !== " ", options.words));
	}

	return {
		kind: "paragraph",
		get node() {
			return node;
		},
		beginLine() {
			if (lines++ > 0) prose.add("\n");
		},
		add: prose.add,
		show(live, isInLine) {
			const { text } = prose;
			// The end of a line tells as much as the beginning of the next one.
			const tail = isInLine ? "" : "\n";
			findTask(text + tail);
			const last = text.lastIndexOf("\n") + 1;
			const isRow = text.charAt(last) === "|" && text.length - last < ROW_HELD_MAX;
			if (live && isRow) prose.show("", Math.max(0, last - 1));
			else if (live) prose.show(tail);
			else prose.show(null, text.trimEnd().length);
		},
		raise(level) {
			const heading = makeHeading(level, options);
			heading.dir = node.dir;
			prose.moveTo(heading);
			node = heading;
		},
		tabulate(delimiters) {
			const last = prose.text.lastIndexOf("\n") + 1;
			const header = prose.text.slice(last);
			const columns = header.length <= LINE_MAX ? readColumns(header, delimiters) : null;
			if (!columns) return null;
			if (last > 0) prose.show(null, last - 1);
			else detach(node);
			return { kind: "table", ...createTable(header, columns, options) };
		},
	};
}

export function createHeading(node: HTMLElement, options: Options): Leaf {
	const prose = createProse(node, options);
	return {
		kind: "heading",
		node,
		beginLine: () => undefined,
		add: prose.add,
		show(live) {
			// Number signs at the end belong to the mark.
			const text = prose.text.trimEnd();
			let end = text.length;
			while (text.charAt(end - 1) === "#") end--;
			const isMark = end === 0 || /\s/.test(text.charAt(end - 1));
			prose.show(live ? "" : null, (isMark ? text.slice(0, end).trimEnd() : text).length);
		},
	};
}

/** `fence`: null for indented code. `indent`: the columns before it. */
export function createCodeLeaf(fence: Fence | null, indent: number, { words }: Options): CodeLeaf {
	const [language = ""] = unescaped(fence?.info ?? "")
		.trim()
		.split(/\s/, 1);
	const code = createCode(language, words);
	/** Lines that are blank so far: at the end of indented code they do not belong to it. */
	const blank: string[] = [];

	return {
		...code,
		kind: fence ? "fence" : "indented",
		fence: fence?.mark ?? "",
		indent,
		beginLine() {
			if (fence) code.beginLine();
			else blank.push("");
		},
		add(text) {
			if (blank.length === 0) code.add(text);
			else blank.push((blank.pop() ?? "") + text);
			if (!text.trim()) return;
			for (const line of blank.splice(0)) {
				code.beginLine();
				code.add(line);
			}
		},
		show: () => undefined,
	};
}
