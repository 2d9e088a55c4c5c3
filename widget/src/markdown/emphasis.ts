// Emphasis, strong emphasis and strikethrough.

import { type Token, tag } from "./parts";
import { hold, push, runLength, type Scan, SPAN_MAX, textBefore } from "./scan";

/** A run of `*`, `_` or `~~`. */
export interface Run {
	readonly token: Token;
	readonly at: number;
	readonly mark: string;
	readonly size: number;
	left: number;
	readonly canOpen: boolean;
	readonly canClose: boolean;
	/** False for a single mark after a letter or digit: probably a multiplication. */
	readonly isLikely: boolean;
}

const isSpace = (char: string) => char === "" || /\s/.test(char);
const isPunctuation = (char: string) => /[\p{P}\p{S}]/u.test(char);

/** Whether these two runs match (CommonMark, "Emphasis and strong emphasis", rules 9 and 10). */
function isPair(opener: Run, closer: Run): boolean {
	if (opener.mark !== closer.mark || !opener.canOpen || opener.left === 0) return false;
	if (!opener.canClose && !closer.canOpen) return true;
	return (opener.size + closer.size) % 3 !== 0 || (opener.size % 3 === 0 && closer.size % 3 === 0);
}

/** Opens a mark of one or two characters at the inner end of a run. */
function openAt(run: Run, size: number): void {
	run.token.opens.unshift(tag(run.mark === "~" ? "del" : size === 2 ? "strong" : "em"));
	take(run, size);
}

function take(run: Run, size: number): void {
	run.left -= size;
	run.token.text = run.token.text.slice(size);
}

/** Pairs the runs from `bottom` on. */
export function pairRuns(runs: Run[], bottom: number): void {
	/** For each kind of closer, the position before which there is no opener. */
	const floor: Record<string, number> = {};
	for (let c = bottom + 1; c < runs.length; c++) {
		const closer = runs[c] as Run;
		while (closer.canClose && closer.left > 0) {
			const kind = `${closer.mark}${closer.canOpen}${closer.size % 3}`;
			const least = Math.max(floor[kind] ?? 0, closer.at - SPAN_MAX);
			let o = c - 1;
			while (o >= bottom && (runs[o] as Run).at >= least && !isPair(runs[o] as Run, closer)) o--;
			const opener = runs[o];
			if (o < bottom || !opener || opener.at < least) {
				floor[kind] = closer.at;
				break;
			}
			const size = Math.min(2, opener.left, closer.left);
			openAt(opener, size);
			take(closer, size);
			closer.token.closes++;
			runs.splice(o + 1, c - o - 1);
			c = o + 1;
		}
	}
}

/** Which ends of a mark this run may be (CommonMark, "Emphasis and strong emphasis", rules 1 to 8). */
function sidesOf(mark: string, last: string, next: string) {
	const isOpen = !isSpace(next) && (!isPunctuation(next) || isSpace(last) || isPunctuation(last));
	const isEnd = !isSpace(last) && (!isPunctuation(last) || isSpace(next) || isPunctuation(next));
	const isWord = mark === "_";
	return {
		canOpen: isOpen && (!isWord || !isEnd || isPunctuation(last)),
		canClose: isEnd && (!isWord || !isOpen || isPunctuation(next)),
	};
}

export function readRun(scan: Scan, mark: string): void {
	const { at, text } = scan;
	const size = runLength(scan);
	// Its length and what follows are not known yet.
	if (at + size === scan.size && hold(scan, at, true)) {
		scan.at = scan.size;
		return;
	}
	const token = push(scan, text.slice(at, at + size), size);
	if (mark === "~" && size !== 2) return;
	const last = [...textBefore(scan, at, 2)].pop() ?? "";
	const next = String.fromCodePoint(text.codePointAt(scan.at) ?? 32);
	const isLikely = size > 1 || !/\w/.test(last);
	scan.runs.push({ token, at, mark, size, left: size, ...sidesOf(mark, last, next), isLikely });
}

/** Pairs all runs. One without an end is shown as a mark that ends with the text, if that is likely. */
export function endRuns(scan: Scan): void {
	// Hidden text must not close marks of the text that is shown.
	const shown = scan.runs.filter((run) => run.at < scan.cut);
	pairRuns(shown, 0);
	for (const run of shown) {
		const isOpen = scan.live && run.canOpen && run.left > 0;
		if (!isOpen || hold(scan, run.at) || !run.isLikely) continue;
		while (run.left > 0 && scan.size - run.at <= SPAN_MAX) openAt(run, Math.min(2, run.left));
	}
}
