// The address and title of a link, behind its label.

import { unescaped } from "./escapes";

/** The depth of parentheses in an address. */
const PARENTHESES_MAX = 8;

function skipSpace(text: string, at: number): number {
	let end = at;
	while (/\s/.test(text.charAt(end))) end++;
	return end;
}

const CLOSERS: Readonly<Record<string, string>> = { '"': '"', "'": "'", "(": ")", "<": ">" };

/** The position after a quoted text; Infinity if it does not end. */
function skipQuoted(text: string, at: number): number {
	const closer = CLOSERS[text.charAt(at)];
	for (let i = at + 1; i < text.length; i++) {
		const char = text.charAt(i);
		if (char === closer) return i + 1;
		if (closer === ">" && /[<\n]/.test(char)) return -1;
		if (char === "\\") i++;
	}
	return Number.POSITIVE_INFINITY;
}

/** The end of an address without angle brackets; -1: its parentheses are not balanced. */
function skipAddress(text: string, at: number): number {
	let depth = 0;
	let end = at;
	for (; end < text.length; end++) {
		const char = text.charAt(end);
		if (char <= " " || (char === ")" && depth-- === 0)) return end;
		if (char === "(" && depth++ === PARENTHESES_MAX) return -1;
		if (char === "\\" && /[!-/:-@[-`{-~]/.test(text.charAt(end + 1))) end++;
	}
	return Number.POSITIVE_INFINITY;
}

/** Parses `(address "title")`: its address and end; null if it is invalid, "more" if the text ends before it does. */
export function readTarget(text: string, at: number): { to: string; end: number } | null | "more" {
	const from = skipSpace(text, at + 1);
	const isAngle = text.charAt(from) === "<";
	const to = isAngle ? skipQuoted(text, from) : skipAddress(text, from);
	if (to < 0) return null;
	let end = skipSpace(text, to);
	if (end > to && /["'(]/.test(text.charAt(end))) end = skipSpace(text, skipQuoted(text, end));
	if (end >= text.length) return "more";
	if (text.charAt(end) !== ")") return null;
	const address = isAngle ? text.slice(from + 1, to - 1) : text.slice(from, to);
	return { to: unescaped(address), end: end + 1 };
}
