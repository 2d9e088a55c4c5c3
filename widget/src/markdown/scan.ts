// What the readers of marks share: the text, the position in it, and the tokens before it.

import type { Run } from "./emphasis";
import type { Where } from "./links";
import type { Tag, Token } from "./parts";

/** A mark whose ends are further apart is shown as text. */
export const SPAN_MAX = 1500;
/** An unfinished mark is hidden with the text after it while they are at most this long; then it is shown as text. */
export const HELD_MAX = 80;

export interface Context {
	/** The text before the window. */
	readonly before: string;
	/** Whether more text may follow. */
	readonly live: boolean;
	readonly where: Where;
}

export interface Scan extends Context {
	readonly text: string;
	readonly size: number;
	at: number;
	/** The text from this position on is hidden for now. */
	cut: number;
	readonly tokens: Token[];
	readonly runs: Run[];
}

export function textBefore({ before, text }: Scan, end: number, length: number): string {
	return (before + text.slice(Math.max(0, end - length), end)).slice(-length);
}

/** Makes the next characters a token. `whole`: the mark that it is. */
export function push(scan: Scan, text: string, length: number, whole?: Tag): Token {
	scan.at += length;
	const token: Token = { text, end: scan.at, closes: 0, opens: [], ...(whole && { whole }) };
	scan.tokens.push(token);
	return token;
}

/** Hides the text from this position on if it may change soon. */
export function hold(scan: Scan, from: number, isShort = scan.size - from <= HELD_MAX): boolean {
	const isHeld = scan.live && isShort;
	if (isHeld) scan.cut = Math.min(scan.cut, from);
	return isHeld;
}

/** How often the character occurs here in a row. */
export function runLength({ text, at }: Scan): number {
	let end = at + 1;
	while (text.charAt(end) === text.charAt(at)) end++;
	return end - at;
}
