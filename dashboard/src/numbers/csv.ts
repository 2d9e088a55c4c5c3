// CSV files (RFC 4180) of the rows that the page shows.

import type { Row } from "./rows";

export type Cell = string | number | null;

/** Spreadsheets run a text that begins like this as a formula, and names are written by many people. */
const FORMULA = /^[=+\-@\t\r]/;

export function csvCell(cell: Cell): string {
	if (cell === null) return "";
	if (typeof cell === "number") return String(cell);
	const text = FORMULA.test(cell) ? `'${cell}` : cell;
	return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

export function csvOf(head: readonly string[], rows: ReadonlyArray<readonly Cell[]>): string {
	return [head, ...rows].map((row) => `${row.map(csvCell).join(",")}\r\n`).join("");
}

/** The columns of all files; their names stay the same in all languages, for programs. */
const COLUMNS: ReadonlyArray<readonly [string, (row: Row) => number | null]> = [
	["conversations", (row) => row.conversations],
	["messages", (row) => row.messages],
	["messages_user", (row) => row.messagesByRole.user],
	["messages_assistant", (row) => row.messagesByRole.assistant],
	["messages_operator", (row) => row.messagesByRole.operator],
	["tokens_in", (row) => row.tokensIn],
	["tokens_out", (row) => row.tokensOut],
	["replies_complete", (row) => row.replies.complete],
	["replies_stopped", (row) => row.replies.stopped],
	["replies_interrupted", (row) => row.replies.interrupted],
	["replies_failed", (row) => row.replies.failed],
	["first_token_p50_ms", (row) => row.firstToken.p50],
	["first_token_p95_ms", (row) => row.firstToken.p95],
	["total_time_p50_ms", (row) => row.totalTime.p50],
	["total_time_p95_ms", (row) => row.totalTime.p95],
	["handovers", (row) => row.handovers],
	["ratings_up", (row) => row.ratings.up],
	["ratings_down", (row) => row.ratings.down],
];

/** `label` has the first columns, such as the day. */
export function numbersCsv(
	labels: readonly string[],
	rows: readonly Row[],
	label: (row: Row) => readonly Cell[],
): string {
	return csvOf(
		[...labels, ...COLUMNS.map(([name]) => name)],
		rows.map((row) => [...label(row), ...COLUMNS.map(([, value]) => value(row))]),
	);
}

/** Without this mark, Excel reads the file in a character set of the country. */
const UTF8_MARK = "\ufeff";

export function download(name: string, csv: string): void {
	const url = URL.createObjectURL(new Blob([UTF8_MARK, csv], { type: "text/csv;charset=utf-8" }));
	const link = document.createElement("a");
	link.href = url;
	link.download = name;
	link.click();
	// The download has begun by then.
	setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
