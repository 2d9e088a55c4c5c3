// Tables (GFM).

import { createProse, make, type Prose } from "./dom";

/** A table with more columns is text. */
const COLUMNS_MAX = 50;

/** Whether a text's first letter belongs to a right-to-left script. */
const RTL = /^\P{L}*[\u0590-\u08ff]/u;

function splitRow(row: string): string[] {
	const cells: string[] = [];
	const inner = row.trim().replace(/^\|/, "");
	for (const [all, cell = ""] of inner.matchAll(/((?:\\.?|[^|\\])*)(?:\||$)/gs)) {
		if (all) cells.push(cell.trim().replace(/\\\|/g, "|"));
	}
	return cells;
}

/** The alignment of each column; null if the line is not a valid delimiter row for this header. */
export function readColumns(header: string, delimiters: string): string[] | null {
	if (!/^[-|: \t]*$/.test(delimiters) || !/[|:]/.test(delimiters)) return null;
	const cells = splitRow(delimiters);
	if (cells.length > COLUMNS_MAX || cells.length !== splitRow(header).length) return null;
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

export function createTable(header: string, columns: readonly string[], base?: string): Table {
	const table = make("table", { dir: RTL.test(header) ? "rtl" : "ltr" });
	const frame = make("div", { class: "table", tabindex: "0" });
	frame.append(table);
	let body: HTMLElement = make("thead");
	let row = make("tr");
	let cells: Prose[] = [];
	/** The number of cells that are final. */
	let done = 0;
	let text = "";

	function addCell(): Prose {
		const align = columns[cells.length];
		const cell = make(body.localName === "thead" ? "th" : "td", align ? { align } : {});
		row.append(cell);
		const prose = createProse(cell, base);
		cells.push(prose);
		return prose;
	}

	function show(live: boolean): void {
		// A backslash may escape the next character.
		const texts = splitRow(live ? text.replace(/\\$/, "") : text).slice(0, columns.length);
		for (let i = done; i < texts.length; i++) {
			const cell = cells[i] ?? addCell();
			const isLast = i === texts.length - 1;
			cell.add((texts[i] ?? "").slice(cell.text.length));
			cell.show(live && isLast ? "" : null);
		}
		done = Math.max(0, texts.length - 1);
	}

	function beginRow(): void {
		show(false);
		row = make("tr");
		cells = [];
		done = 0;
		text = "";
		body.append(row);
	}

	table.append(body);
	beginRow();
	text = header;
	show(false);
	body = make("tbody");
	return {
		frame,
		node: table,
		beginLine() {
			beginRow();
			if (!body.parentNode) table.append(body);
		},
		add(more) {
			text += more;
		},
		show,
	};
}
