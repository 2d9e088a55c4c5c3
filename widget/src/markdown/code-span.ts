// Code within a line.

import { tag } from "./parts";
import { hold, push, runLength, type Scan, SPAN_MAX } from "./scan";

/** The position of the closing backticks; -1 if there are none yet. */
function findClose({ text, size, live }: Scan, from: number, length: number): number {
	const ticks = /`+/g;
	ticks.lastIndex = from;
	for (;;) {
		const found = ticks.exec(text);
		if (!found) return -1;
		// More backticks may follow at the end.
		if (found[0].length === length && !(live && ticks.lastIndex === size)) return found.index;
	}
}

export function createCodeReader(scan: Scan): () => void {
	const { text, size, live } = scan;
	/** Lengths of backtick runs that do not occur again. */
	const unclosed = new Set<number>();

	return () => {
		const { at } = scan;
		const length = runLength(scan);
		const begin = at + length;
		const close = unclosed.has(length) ? -1 : findClose(scan, begin, length);
		if (close < 0) unclosed.add(length);
		const end = close < 0 ? size : close;
		const code = text.slice(begin, end).replace(/\n/g, " ");
		if (end - at > SPAN_MAX || (close < 0 && !live)) push(scan, text.slice(at, begin), length);
		else if (close >= 0) {
			const isPadded = /^ .* $/.test(code) && /[^ ]/.test(code);
			push(scan, isPadded ? code.slice(1, -1) : code, close + length - at, tag("code"));
		} else if (hold(scan, at)) scan.at = size;
		else push(scan, code.replace(/`{1,9}$/, ""), size - at, tag("code"));
	};
}
