// Tables (GFM).

import { directionOf } from "./direction";
import { createProse, make, type Prose } from "./dom";
import type { Where } from "./links";

/** A table with more columns is text. */
const COLUMNS_MAX = 50;

/** This many empty cells, and one for each character, are added to short rows. */
const EMPTY_MAX = 500;

/** A cell and its end: a pipe; the end of the text; or a backslash there, which may escape a pipe. */
const CELL = /((?:[^|\\]|\\.)*)(\||\\?$)/gs;

function countCells(row: string): number {
	const inner = row.trim().replace(/^\|/, "");
	return [...inner.matchAll(CELL)].filter(([cell]) => cell).length;
}

/** The alignment of each column; null if the line is not a valid delimiter row for this header. */
export function readColumns(header: string, delimiters: string): string[] | null {
	if (!/^[-|: \t]*$/.test(delimiters) || !/[|:]/.test(delimiters)) return null;
	const cells = delimiters
		.trim()
		.replace(/^\||\|$/g, "")
		.split("|")
		.map((cell) => cell.trim());
	if (cells.length > COLUMNS_MAX || cells.length !== countCells(header)) return null;
	if (!cells.every((cell) => /^:?-+:?$/.test(cell))) return null;
	return cells.map((cell) => {
		if (cell.endsWith(":")) return cell.startsWith(":") && cell.length > 1 ? "center" : "right";
		return cell.startsWith(":") ? "left" : "";
	});
}

export interface Table {
	/** Scrolls the table. */
	readonly frame: HTMLElement;
	readonly node: HTMLElement;
	beginLine(): void;
	add(text: string): void;
	/** `live`: the row may grow. */
	show(live: boolean): void;
}

export function createTable(header: string, columns: readonly string[], where: Where): Table {
	const table = make("table");
	// The frame's direction is where scrolling begins.
	const dir = directionOf(header) || "ltr";
	const frame = make("div", { class: "table", tabindex: "0", dir });
	frame.append(table);
	let body: HTMLElement = make("thead");
	let row = make("tr");
	/** The number of complete cells of the row. */
	let done = 0;
	let cell: Prose | null = null;
	let isBegun = false;
	let empty = EMPTY_MAX;
	/** A backslash at the end of the row. */
	let held = "";

	function addCell(): Prose {
		const align = columns[done];
		const node = make(body.localName === "thead" ? "th" : "td", align ? { align } : {});
		if (done < columns.length) row.append(node);
		return createProse(node, where);
	}

	function append(text: string): void {
		if (!cell && !text.trim()) return;
		const isFirst = !cell;
		isBegun = true;
		cell ??= addCell();
		cell.add((isFirst ? text.trimStart() : text).replace(/\\\|/g, "|"));
	}

	function endCell(): void {
		cell?.show(null, cell.text.trimEnd().length);
		cell = null;
		done++;
	}

	/** A short row has empty cells at its end (GFM, "Tables"). */
	function fillRow(): void {
		for (; done < columns.length && empty > 0; empty--) {
			addCell();
			done++;
		}
	}

	function add(more: string): void {
		empty += more.length;
		const text = held + more;
		held = "";
		for (const [, content = "", end = ""] of text.matchAll(CELL)) {
			append(content);
			if (end !== "|") held ||= end;
			else if (isBegun) {
				cell ??= addCell();
				endCell();
			} else isBegun = true;
		}
	}

	function endRow(): void {
		append(held);
		if (cell) endCell();
		fillRow();
	}

	function beginRow(): void {
		row = make("tr");
		done = 0;
		isBegun = false;
		held = "";
		body.append(row);
	}

	table.append(body);
	beginRow();
	add(header);
	endRow();
	body = make("tbody");
	return {
		frame,
		node: table,
		beginLine() {
			if (body.parentNode) endRow();
			else table.append(body);
			beginRow();
		},
		add,
		show(live) {
			if (live) cell?.show("");
			else endRow();
		},
	};
}
