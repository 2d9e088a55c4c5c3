// The marks inside a paragraph, a heading or a table's cell: emphasis, code, links (CommonMark 0.31,
// chapter 6, and GFM). Parsing takes time linear in the length of a window, and a window has a maximum length.

import { readAddress, readAngle } from "./autolinks";
import { createBrackets } from "./brackets";
import { createCodeReader } from "./code-span";
import { endRuns, readRun } from "./emphasis";
import { readEscape } from "./escapes";
import { LINK_START } from "./links";
import { build, type Part, type Token } from "./parts";
import { type Context, hold, push, type Scan, SPAN_MAX } from "./scan";

export interface Parsed {
	/** The tokens that further text cannot change, and their length in the source. */
	readonly done: Part[];
	readonly length: number;
	readonly rest: Part[];
}

/** The maximum length of a window. */
export const WINDOW = 4000;
/** The browser would need too long for more of them. No useful text has so many marks. */
const TOKENS_MAX = 2000;
const PIECE_MAX = 256;

const SPECIAL = new RegExp(`[\\\\\`*_~[\\]<&\\n]|!\\[?|${LINK_START}`, "gi");

/** Rates the end of a token as a place to break the line: higher is better. */
function rankOf(text: string, end: number): number {
	const before = text.slice(Math.max(0, end - 2), end);
	const after = text.charAt(end);
	if (before.endsWith("\n")) return 3;
	if (!before.endsWith(" ") || after === " ") return 0;
	return /[.!?:;]/.test(before) ? 2 : 1;
}

/** The number of leading tokens that text after the window cannot change. They end outside all marks. */
function settled(text: string, tokens: readonly Token[]): number {
	let depth = 0;
	let best = 0;
	let bestRank = 0;
	tokens.forEach(({ end, closes, opens }, i) => {
		depth += opens.length - closes;
		const rank = rankOf(text, end);
		if (depth > 0 || rank < bestRank || end > text.length - SPAN_MAX) return;
		best = i + 1;
		bestRank = rank;
	});
	return best;
}

function readText(scan: Scan, end: number): void {
	const { text } = scan;
	while (scan.at < end) {
		const { at } = scan;
		let stop = end;
		if (end - at > PIECE_MAX) {
			stop = text.lastIndexOf(" ", at + PIECE_MAX) + 1;
			if (stop <= at) stop = at + PIECE_MAX;
			// Not between the halves of a surrogate pair.
			if (text.charCodeAt(stop) >> 10 === 0x37) stop++;
		}
		push(scan, text.slice(at, stop), stop - at);
	}
}

function readBackslashOrEntity(scan: Scan, char: string): void {
	const { text, at } = scan;
	const found = readEscape(text, at);
	if (found) push(scan, ...found);
	else if (char === "\\" && text.charAt(at + 1) === "\n") push(scan, "", 1);
	else {
		if (/^(\\|&[#\w]*)$/.test(text.slice(at, at + 9))) hold(scan, at);
		push(scan, char, 1);
	}
}

function readNewline(scan: Scan): void {
	const last = scan.tokens[scan.tokens.length - 1];
	if (last && !last.whole) last.text = last.text.trimEnd();
	if (scan.at + 1 === scan.size) hold(scan, scan.at, true);
	push(scan, "\n", 1);
}

/** Reads all tokens. */
function read(scan: Scan): void {
	const { text, size } = scan;
	const brackets = createBrackets(scan);
	const readCode = createCodeReader(scan);
	const readers: Readonly<Record<string, (found: string) => void>> = {
		"`": readCode,
		"[": brackets.open,
		"![": brackets.open,
		"]": brackets.close,
		"<": () => readAngle(scan),
		"\n": () => readNewline(scan),
		"!": () => {
			if (scan.at + 1 === size) hold(scan, scan.at);
			push(scan, "!", 1);
		},
	};
	while (scan.at < size) {
		SPECIAL.lastIndex = scan.at;
		const special = SPECIAL.exec(text);
		readText(scan, special ? special.index : size);
		const found = special?.[0] ?? "";
		const reader = readers[found];
		if (reader) reader(found);
		else if (/^[*_~]/.test(found)) readRun(scan, found);
		else if (/^[\\&]/.test(found)) readBackslashOrEntity(scan, found);
		else if (!readAddress(scan, brackets.count() > 0)) readText(scan, scan.at + found.length);
	}
	brackets.end();
	endRuns(scan);
}

/** null: too many marks. */
export function parseInline(text: string, context: Context): Parsed | null {
	const size = text.length;
	const tokens: Token[] = [];
	const scan: Scan = { ...context, text, size, tokens, runs: [], at: 0, cut: size + 1 };
	read(scan);
	if (tokens.length > TOKENS_MAX) return null;
	const done = size < WINDOW ? 0 : settled(text, tokens);
	const length = tokens[done - 1]?.end ?? 0;
	// A run of marks that is longer than any mark is text.
	if (length === 0 && size >= WINDOW) {
		return { done: [text.slice(0, SPAN_MAX)], length: SPAN_MAX, rest: [] };
	}
	return {
		done: build(tokens.slice(0, done)),
		length,
		rest: build(tokens.slice(done).filter(({ end }) => end <= scan.cut)),
	};
}
