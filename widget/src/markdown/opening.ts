// What the beginning of a line is, after the marks of the boxes that it continues.

import {
	type Fence,
	headingLevel,
	isRule,
	isUndecided,
	type Line,
	type Marker,
	readFence,
	readMarker,
	underlineLevel,
} from "./line";

/** A box that begins here: an item, or a quote. `indent`: the columns before an item's text. */
export interface Opening {
	readonly marker: Marker | null;
	readonly indent: number;
}

export type Content =
	| { readonly kind: "blank" | "text" | "indented" | "rule" }
	| { readonly kind: "heading" | "underline"; readonly level: number }
	| { readonly kind: "fence"; readonly fence: Fence; readonly indent: number };

export interface Beginning {
	readonly openings: readonly Opening[];
	readonly content: Content;
}

export interface Surroundings {
	/** A paragraph is open, which the line may continue. */
	readonly afterParagraph: boolean;
	/** The same, and the line continues all boxes around it. */
	readonly inParagraph: boolean;
	/** The number of boxes that may begin. */
	readonly room: number;
	/** Do not wait for more text. */
	readonly isForced: boolean;
}

export function skipQuoteMark(line: Line): void {
	line.skip(line.indent + 1);
	if (line.indent > 0) line.skip(1);
}

/** An item that begins within a paragraph must have text and begin with number 1. */
function markerAt(line: Line, inParagraph: boolean): Marker | null {
	const { content } = line;
	const marker = readMarker(content);
	if (!marker || !inParagraph) return marker;
	const isEmpty = content.trimEnd().length === marker.width;
	return isEmpty || (marker.start ?? 1) !== 1 ? null : marker;
}

/** Moves behind a marker; returns the columns before the item's text. */
function skipMarker(line: Line, { width }: Marker): number {
	const before = line.indent + width;
	line.skip(before);
	const spaces = line.indent;
	const isEmpty = line.content === "";
	const used = isEmpty || spaces > 4 ? 1 : spaces;
	line.skip(isEmpty ? spaces : used);
	return before + used;
}

function readContent(line: Line, inParagraph: boolean): Content | null {
	const { content } = line;
	const level = headingLevel(content);
	if (level > 0) {
		line.skip(line.indent + level);
		line.skipIndent();
		return { kind: "heading", level };
	}
	if (!line.isWhole) return null;
	const fence = readFence(content);
	if (fence) return { kind: "fence", fence, indent: line.indent };
	const underline = inParagraph ? underlineLevel(content) : 0;
	if (underline > 0) return { kind: "underline", level: underline };
	return isRule(content) ? { kind: "rule" } : null;
}

/** null: more text is needed. Moves to the text of the block. */
export function readBeginning(line: Line, around: Surroundings): Beginning | null {
	const openings: Opening[] = [];
	const end = (content: Content): Beginning => ({ openings, content });
	for (;;) {
		const { content } = line;
		const isFirst = openings.length === 0;
		const inParagraph = isFirst && around.inParagraph;
		const isClear = line.isWhole || around.isForced;
		if (!isClear && (content === "" || isUndecided(content))) return null;
		if (content === "") return end({ kind: "blank" });
		if (line.indent > 3) {
			if (isFirst && around.afterParagraph) break;
			line.skip(4);
			return end({ kind: "indented" });
		}
		const isFull = openings.length >= around.room;
		if (content.startsWith(">") && !isFull) {
			skipQuoteMark(line);
			openings.push({ marker: null, indent: 0 });
			continue;
		}
		const found = readContent(line, inParagraph);
		if (found) return end(found);
		const marker = isFull ? null : markerAt(line, inParagraph);
		if (!marker) break;
		openings.push({ marker, indent: skipMarker(line, marker) });
	}
	line.skipIndent();
	return end({ kind: "text" });
}
