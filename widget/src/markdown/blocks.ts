// The structure of a text that grows: quotes, lists, and the blocks in them (CommonMark 0.31, chapters 4
// and 5, and GFM). Each line is looked at once, as soon as its beginning says what it is; then its text
// goes to one block. Blocks that have ended are never touched again.

import { directionOf } from "./direction";
import { make } from "./dom";
import {
	type CodeLeaf,
	createCodeLeaf,
	createHeading,
	createParagraph,
	type Leaf,
	makeHeading,
	type Options,
	type Paragraph,
	type Table,
} from "./leaf";
import { LINE_MAX, Line, type Marker } from "./line";
import { type Content, type Opening, readBeginning, skipQuoteMark } from "./opening";

/** An open quote, list or item of a list; the first one is the whole text. */
interface Box {
	readonly kind: "text" | "quote" | "list" | "item";
	readonly node: HTMLElement;
	/** An item's columns before its text. */
	readonly indent: number;
	/** A list's kind of marker. */
	readonly marker: string;
	/** The text or quote that it is in. */
	readonly home: HTMLElement;
}

/** Marks of quotes and lists that are nested deeper are text. */
const DEPTH_MAX = 24;

/** A block without a letter in this many characters has the direction of the page's language. */
const DIRECTION_MAX = 2_000;

export interface Blocks {
	/** Adds text; show() brings it to the screen. */
	add(text: string): void;
	show(): void;
	/** The text is complete. */
	end(): void;
}

export function createBlocks(root: HTMLElement, options: Options): Blocks {
	const text: Box = { kind: "text", node: root, indent: 0, marker: "", home: root };
	const boxes: Box[] = [text];
	let leaf: Leaf | null = null;
	/** The text or quote whose last line was blank. */
	let blankIn: HTMLElement | null = null;
	/** What follows belongs to a line whose beginning was read. */
	let isInLine = false;
	/** The beginning of a line, until it says what the line is. */
	let pending = "";
	let tip: Element | null = null;
	/** Open elements whose first letter has not been seen. */
	let undirected: HTMLElement[] = [];

	const top = () => boxes[boxes.length - 1] ?? text;

	/** Adds an element to the innermost box. */
	function place<T extends HTMLElement>(node: T): T {
		const box = top();
		// Not for a list: the browser would look for its direction in all items, again for each new one.
		const hasDirection = box === text ? !/^[uo]l$/.test(node.localName) : box.kind === "list";
		if (hasDirection && !node.dir) undirected.push(node);
		const list = box.kind === "item" ? boxes[boxes.length - 2] : box;
		const isApart = blankIn === box.home && box.node.firstChild !== null;
		if (list?.kind === "list" && isApart) list.node.className = "loose";
		box.node.append(node);
		return node;
	}

	function open(kind: Box["kind"], node: HTMLElement, indent = 0, marker = ""): void {
		const { home } = top();
		place(node);
		boxes.push({ kind, node, indent, marker, home: kind === "quote" ? node : home });
	}

	function endList(): void {
		if (top().kind === "list") boxes.pop();
	}

	function openItem({ kind, start }: Marker, indent: number): void {
		if (top().marker !== kind) endList();
		if (top().kind !== "list") {
			const first = start === null || start === 1 ? {} : { start: String(start) };
			open("list", make(start === null ? "ul" : "ol", first), 0, kind);
		}
		open("item", make("li"), indent);
	}

	function openBox({ marker, indent }: Opening): void {
		if (marker) {
			openItem(marker, indent);
			return;
		}
		endList();
		open("quote", make("blockquote"));
	}

	/**
	 * The first letter of a paragraph or heading is the direction of the elements around it. With dir="auto", the browser would look
	 * for a letter at each change of a node: seconds for a text of nothing but marks.
	 */
	function direct(): void {
		if (!leaf || !/^[ph]/.test(leaf.kind) || !undirected[0]) return;
		const shown = String(leaf.node.textContent).slice(0, DIRECTION_MAX);
		const direction = directionOf(shown);
		for (const node of undirected) node.dir = direction;
		if (direction || shown[DIRECTION_MAX - 1]) undirected = [];
	}

	function show(isLive: boolean, isOpen: boolean): void {
		leaf?.show(isLive, isOpen);
		direct();
	}

	/** Ends the open block and the boxes after the first `depth`. */
	function close(depth: number): void {
		show(false, false);
		leaf = null;
		boxes.length = depth;
		undirected = undirected.filter((node) => boxes.some((box) => box.node === node));
	}

	function addLine(content: string): void {
		leaf?.beginLine();
		leaf?.add(content);
		blankIn = null;
	}

	/** The number of open boxes that the line continues. Moves behind their marks. */
	function match(line: Line): number {
		let depth = 1;
		for (; depth < boxes.length; depth++) {
			const { kind, indent, node } = boxes[depth] as Box;
			if (kind === "quote") {
				if (line.indent > 3 || !line.content.startsWith(">")) break;
				skipQuoteMark(line);
			} else if (kind === "item") {
				const isBlank = line.content === "";
				if (isBlank ? !node.firstChild : line.indent < indent) break;
				line.skip(isBlank ? line.indent : indent);
			}
		}
		return depth;
	}

	/** A line within fences. Returns false if this depends on more text. */
	function readFenced({ fence, indent }: CodeLeaf, line: Line, isForced: boolean): boolean {
		const { content } = line;
		const isFence = line.indent < 4 && /^(?:`*|~*)[ \t]*$/.test(content);
		if (isFence && !line.isWhole && !isForced) return false;
		if (isFence && line.isWhole && content.startsWith(fence)) {
			close(boxes.length);
			blankIn = null;
		} else {
			line.skip(Math.min(indent, line.indent));
			addLine(line.rest);
		}
		return true;
	}

	/** A line that may continue a block of indented code. */
	function readIndented(line: Line): boolean {
		if (line.indent < 4 && line.content !== "") return false;
		line.skip(Math.min(4, line.indent));
		const isBlank = line.content === "";
		addLine(line.rest);
		if (isBlank) blankIn = top().home;
		return true;
	}

	function endWithBlank(depth: number, isMatched: boolean): void {
		if (!isMatched || leaf?.kind !== "indented") close(depth);
		blankIn = top().home;
	}

	function begin(content: Content): void {
		if (content.kind === "blank") return;
		endList();
		if (content.kind === "rule") place(make("hr"));
		else if (content.kind === "heading") {
			leaf = createHeading(place(makeHeading(content.level, options)), options);
		} else if (content.kind === "fence" || content.kind === "indented") {
			const code =
				content.kind === "fence"
					? createCodeLeaf(content.fence, content.indent, options)
					: createCodeLeaf(null, 4, options);
			place(code.frame).dir = "ltr";
			leaf = code;
		} else {
			const { kind, node } = top();
			const item = kind === "item" && !node.firstChild ? node : null;
			leaf = createParagraph(place(make("p")), item, options);
		}
	}

	/** A line that changes what the paragraph before it is. */
	function changeParagraph(paragraph: Paragraph, content: Content, line: Line): boolean {
		if (content.kind === "underline") {
			paragraph.raise(content.level);
			close(boxes.length);
			return true;
		}
		const table = content.kind === "text" && line.isWhole && paragraph.tabulate(line.content);
		if (table) {
			leaf = table;
			place((table as Table).frame);
		}
		return Boolean(table);
	}

	/** Gives a line's text to a block. Returns false, without a change, if this depends on more text. */
	function readLine(line: Line, isForced: boolean): boolean {
		const depth = match(line);
		const isMatched = depth === boxes.length;
		const paragraph = leaf?.kind === "paragraph" ? (leaf as Paragraph) : null;
		if (isMatched && leaf?.kind === "fence") return readFenced(leaf as CodeLeaf, line, isForced);
		const isClear = line.isWhole || isForced || line.content !== "";
		if (isMatched && isClear && leaf?.kind === "indented" && readIndented(line)) return true;

		const beginning = readBeginning(line, {
			afterParagraph: paragraph !== null,
			inParagraph: isMatched && paragraph !== null,
			room: DEPTH_MAX - depth,
			isForced,
		});
		if (!beginning) return false;
		const { openings, content } = beginning;
		const continues = openings.length === 0;
		if (continues && content.kind === "blank") {
			endWithBlank(depth, isMatched);
			return true;
		}
		if (continues && isMatched && paragraph && changeParagraph(paragraph, content, line)) {
			blankIn = null;
			return true;
		}
		const isMore = paragraph !== null || (isMatched && leaf?.kind === "table");
		if (!continues || content.kind !== "text" || !isMore) {
			close(depth);
			openings.forEach(openBox);
			begin(content);
		}
		if (content.kind === "fence") blankIn = null;
		else addLine(line.rest);
		return true;
	}

	/** Reads the beginning of a line if it is long enough. */
	function beginLine(): boolean {
		const newline = pending.indexOf("\n");
		const length = Math.min(newline < 0 ? pending.length : newline, LINE_MAX);
		const isForced = length === LINE_MAX;
		const line = new Line(pending.slice(0, length), newline === length);
		if (!readLine(line, isForced)) return false;
		pending = pending.slice(length);
		return true;
	}

	function add(more: string): void {
		pending += more.replace(/\r/g, "");
		while (pending !== "") {
			if (!isInLine && !beginLine()) return;
			const newline = pending.indexOf("\n");
			isInLine = newline < 0;
			leaf?.add(isInLine ? pending : pending.slice(0, newline));
			if (!isInLine && leaf?.kind === "heading") close(boxes.length);
			pending = isInLine ? "" : pending.slice(newline + 1);
		}
	}

	/** Marks the element in which the text grows. */
	function mark(next: Element | null): void {
		if (tip === next) return;
		tip?.classList.remove("tip");
		next?.classList.add("tip");
		tip = next;
	}

	return {
		add,
		show() {
			show(true, isInLine);
			if (leaf) mark(leaf.node);
		},
		end() {
			if (!isInLine && pending) readLine(new Line(pending, true), true);
			close(1);
			mark(null);
		},
	};
}
