// The marks inside a paragraph, a heading or a table's cell: emphasis, code, links (CommonMark 0.31,
// chapter 6, and GFM). Parsing takes time linear in the length of a window, and a window has a maximum length.

import {
	isDisguised,
	LINK_START,
	readLink,
	safeUrl,
	targetOf,
	visible,
	withAsciiHost,
} from "./links";

export interface Mark {
	readonly tag: "em" | "strong" | "del" | "code" | "a";
	readonly href: string;
	readonly parts: Part[];
}

export type Part = string | Mark;

export interface Context {
	/** The text before the window. */
	readonly before: string;
	/** Whether more text may follow. */
	readonly live: boolean;
	/** Resolves relative links. */
	readonly base?: string | undefined;
}

export interface Parsed {
	/** The tokens that further text cannot change, and their length in the source. */
	readonly done: Part[];
	readonly length: number;
	readonly rest: Part[];
}

/** A mark whose ends are further apart is shown as text. */
export const SPAN_MAX = 1500;
/** The maximum length of a window. */
export const WINDOW = 4000;
/** An unfinished mark is hidden with the text after it while they are at most this long; then it is shown as text. */
const HELD_MAX = 80;
const DEPTH_MAX = 16;
const PIECE_MAX = 256;
/** The depth of parentheses in an address. */
const PARENTHESES_MAX = 8;

type Tag = Omit<Mark, "parts">;

/** In this order: marks that end here, text, marks that begin here. */
interface Token {
	text: string;
	readonly end: number;
	readonly whole?: Tag;
	closes: number;
	opens: Tag[];
}

/** A run of `*`, `_` or `~~`. */
interface Run {
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

interface Bracket {
	readonly token: Token;
	readonly at: number;
	readonly isImage: boolean;
	/** The numbers of tokens and runs before it. */
	readonly tokens: number;
	readonly runs: number;
}

const SPECIAL = new RegExp(`[\\\\\`*_~[\\]!<&\\n]|${LINK_START}`, "gi");
const ANGLE =
	/<(?:([a-z][a-z\d+.-]{1,31}:[^\s<>]*)|([\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z\d.-]{1,255})|br ?\/?)>/iy;
const ESCAPED = /\\([!-/:-@[-`{-~])|&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,6}));/giy;
const ENTITIES: Readonly<Record<string, string>> = {
	amp: "&",
	lt: "<",
	gt: ">",
	quot: '"',
	apos: "'",
	nbsp: "\u00a0",
	copy: "©",
	reg: "®",
	euro: "€",
	hellip: "…",
	mdash: "—",
	ndash: "–",
	times: "×",
	rarr: "→",
};

function fromCode(code: number): string {
	return code > 0 && code < 0x110000 && code >> 11 !== 27 ? String.fromCodePoint(code) : "\ufffd";
}

/** The backslash escape or entity at this position: its text and length; null if there is none. */
function readEscape(text: string, at: number): [text: string, length: number] | null {
	ESCAPED.lastIndex = at;
	const found = ESCAPED.exec(text);
	if (!found) return null;
	const [all, mark, decimal, hex, name] = found;
	if (name) {
		const known = ENTITIES[name];
		return known ? [known, all.length] : null;
	}
	return [mark ?? fromCode(decimal ? Number(decimal) : Number(`0x${hex}`)), all.length];
}

export function unescaped(text: string): string {
	let plain = "";
	for (let at = 0; at < text.length; ) {
		const [piece, length] = readEscape(text, at) ?? [text.charAt(at), 1];
		plain += piece;
		at += length;
	}
	return plain;
}

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
function readTarget(text: string, at: number): { to: string; end: number } | null | "more" {
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

const isSpace = (char: string) => char === "" || /\s/.test(char);
const isPunctuation = (char: string) => /[\p{P}\p{S}]/u.test(char);

/** Whether these two runs match (CommonMark, "Emphasis and strong emphasis", rules 9 and 10). */
function isPair(opener: Run, closer: Run): boolean {
	if (opener.mark !== closer.mark || !opener.canOpen || opener.left === 0) return false;
	if (!opener.canClose && !closer.canOpen) return true;
	return (opener.size + closer.size) % 3 !== 0 || (opener.size % 3 === 0 && closer.size % 3 === 0);
}

const tag = (name: Mark["tag"], href = ""): Tag => ({ tag: name, href });

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
function pairRuns(runs: Run[], bottom: number): void {
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

function addPart(parts: Part[], part: Part): void {
	const last = parts[parts.length - 1];
	if (typeof part === "string" && typeof last === "string") parts[parts.length - 1] = last + part;
	else if (part !== "") parts.push(part);
}

/** A mark that is nested too deep, and a link inside a link, adds no level. */
function build(tokens: readonly Token[]): Part[] {
	const root: Part[] = [];
	const open: { parts: Part[]; isLink: boolean }[] = [{ parts: root, isLink: false }];
	const begin = ({ tag, href }: Tag) => {
		const top = open[open.length - 1] ?? { parts: root, isLink: false };
		const isLink = tag === "a";
		if (open.length > DEPTH_MAX || (isLink && top.isLink)) {
			open.push(top);
			return;
		}
		const mark: Mark = { tag, href, parts: [] };
		addPart(top.parts, mark);
		open.push({ parts: mark.parts, isLink: isLink || top.isLink });
	};
	for (const { text, whole, closes, opens } of tokens) {
		for (let i = 0; i < closes; i++) open.pop();
		if (whole) begin(whole);
		const top = open[open.length - 1];
		if (top) addPart(top.parts, top.isLink ? visible(text) : text);
		if (whole) open.pop();
		opens.forEach(begin);
	}
	return root;
}

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

export function parseInline(text: string, { before, live, base }: Context): Parsed {
	const size = text.length;
	const tokens: Token[] = [];
	const runs: Run[] = [];
	const brackets: Bracket[] = [];
	/** Lengths of backtick runs that do not occur again. */
	const single = new Set<number>();
	let at = 0;
	/** The text from this position on is hidden for now. */
	let cut = Number.POSITIVE_INFINITY;
	/** Brackets before this position cannot begin a link: links contain no links. */
	let noLinkBefore = 0;

	const textBefore = (end: number, length: number) =>
		(before + text.slice(Math.max(0, end - length), end)).slice(-length);

	function push(content: string, length: number, whole?: Tag): Token {
		at += length;
		const token: Token = { text: content, end: at, closes: 0, opens: [], ...(whole && { whole }) };
		tokens.push(token);
		return token;
	}

	function hold(from: number, isShort = size - from <= HELD_MAX): boolean {
		if (live && isShort) cut = Math.min(cut, from);
		return live && isShort;
	}

	function pushText(end: number): void {
		while (at < end) {
			let stop = end;
			if (end - at > PIECE_MAX) {
				stop = text.lastIndexOf(" ", at + PIECE_MAX) + 1;
				if (stop <= at) stop = at + PIECE_MAX;
				// Not between the halves of a surrogate pair.
				if (text.charCodeAt(stop) >> 10 === 0x37) stop++;
			}
			push(text.slice(at, stop), stop - at);
		}
	}

	function runLength(char: string): number {
		let end = at;
		while (text.charAt(end) === char) end++;
		return end - at;
	}

	function readRun(mark: string): void {
		const from = at;
		const length = runLength(mark);
		// Its length and what follows are not known yet.
		if (from + length === size && hold(from, true)) {
			at = size;
			return;
		}
		const token = push(text.slice(from, from + length), length);
		if (mark === "~" && length !== 2) return;
		const last = Array.from(textBefore(from, 2)).pop() ?? "";
		const next = String.fromCodePoint(text.codePointAt(at) ?? 32);
		const isLeft = !isSpace(next) && (!isPunctuation(next) || isSpace(last) || isPunctuation(last));
		const isRight =
			!isSpace(last) && (!isPunctuation(last) || isSpace(next) || isPunctuation(next));
		const isWord = mark === "_";
		runs.push({
			token,
			at: from,
			mark,
			size: length,
			left: length,
			canOpen: isLeft && (!isWord || !isRight || isPunctuation(last)),
			canClose: isRight && (!isWord || !isLeft || isPunctuation(next)),
			isLikely: length > 1 || !/\w/.test(last),
		});
	}

	function readCode(): void {
		const from = at;
		const length = runLength("`");
		const ticks = /`+/g;
		ticks.lastIndex = at + length;
		let close = single.has(length) ? null : ticks.exec(text);
		while (close && (close[0].length !== length || (live && ticks.lastIndex === size))) {
			close = ticks.lastIndex === size ? null : ticks.exec(text);
		}
		if (!close) single.add(length);
		if (!close || close.index - from > SPAN_MAX) {
			const isOpen = live && size - from <= SPAN_MAX && !close;
			if (isOpen && hold(from)) at = size;
			else if (!isOpen) push(text.slice(from, from + length), length);
			else
				push(
					text
						.slice(from + length)
						.replace(/`{1,9}$/, "")
						.replace(/\n/g, " "),
					size - from,
					tag("code"),
				);
			return;
		}
		const code = text.slice(from + length, close.index).replace(/\n/g, " ");
		const isPadded = /^ .* $/.test(code) && /[^ ]/.test(code);
		const end = close.index + length;
		push(isPadded ? code.slice(1, -1) : code, end - from, tag("code"));
	}

	function readBracket(isImage: boolean): void {
		const from = at;
		const counts = { tokens: tokens.length + 1, runs: runs.length };
		const token = push(isImage ? "![" : "[", isImage ? 2 : 1);
		brackets.push({ token, at: from, isImage, ...counts });
	}

	function pushLink(
		{ token, tokens: first, at: from, runs: bottom }: Bracket,
		url: URL,
		end: number,
	) {
		pairRuns(runs, bottom);
		runs.length = bottom;
		token.text = "";
		token.opens = [tag("a", url.href)];
		const label = visible(tokens.slice(first).reduce((all, one) => all + one.text, ""));
		const target = targetOf(url);
		if (!/\S/.test(label)) push(target, 0);
		const sides = [textBefore(from, 12), text.slice(end, end + 12)] as const;
		const isHonest = !isDisguised(/\S/.test(label) ? label : target, url, ...sides);
		push(isHonest ? "" : ` (${target})`, end - at).closes = 1;
	}

	function closeBracket(): void {
		const bracket = brackets.pop();
		const isActive = bracket && (bracket.isImage || bracket.at >= noLinkBefore);
		if (isActive && at + 1 === size && hold(at, true)) hold(bracket.at);
		const target = isActive && text.charAt(at + 1) === "(" && readTarget(text, at + 1);
		if (isActive && target === "more" && live && size - bracket.at <= SPAN_MAX) {
			// The label is shown while the address is not complete.
			pairRuns(runs, bracket.runs);
			runs.length = bracket.runs;
			bracket.token.text = "";
			hold(at, true);
		}
		if (isActive && target && target !== "more" && target.end - bracket.at <= SPAN_MAX) {
			const url = safeUrl(target.to, base);
			if (url) {
				pushLink(bracket, url, target.end);
				if (!bracket.isImage) noLinkBefore = at;
				return;
			}
		}
		push("]", 1);
	}

	function readAngle(): void {
		ANGLE.lastIndex = at;
		const [all, uri, mail] = ANGLE.exec(text) ?? [];
		const url = uri || mail ? safeUrl(uri ?? `mailto:${mail}`) : null;
		if (all && url) push(withAsciiHost(uri ?? mail ?? "", url), all.length, tag("a", url.href));
		else if (all && !uri && !mail) push("\n", all.length);
		else {
			if (/^<[^\s<>]*$/.test(text.slice(at, at + HELD_MAX + 1))) hold(at);
			push("<", 1);
		}
	}

	function readAddress(): boolean {
		// A label ends at its bracket.
		const end = brackets.length > 0 ? text.indexOf("]", at) : -1;
		const link = readLink(end < 0 ? text : text.slice(0, end), at);
		if (!link?.text) return false;
		const isGrowing = live && /^\S{0,40}$/.test(text.slice(at + link.text.length));
		if (isGrowing && link.label !== link.text) hold(at);
		push(link.label, link.text.length, isGrowing || !link.href ? undefined : tag("a", link.href));
		return true;
	}

	function readBackslashOrEntity(char: string): void {
		const found = readEscape(text, at);
		if (found) push(...found);
		else if (char === "\\" && text.charAt(at + 1) === "\n") push("", 1);
		else {
			if (/^(\\|&[#\w]*)$/.test(text.slice(at, at + 9))) hold(at);
			push(char, 1);
		}
	}

	function readNewline(): void {
		const last = tokens[tokens.length - 1];
		if (last && !last.whole) last.text = last.text.trimEnd();
		if (at + 1 === size) hold(at, true);
		push("\n", 1);
	}

	function readSpecial(found: string): void {
		if (found === "*" || found === "_" || found === "~") readRun(found);
		else if (found === "`") readCode();
		else if (found === "[") readBracket(false);
		else if (found === "]") closeBracket();
		else if (found === "<") readAngle();
		else if (found === "\n") readNewline();
		else if (found === "\\" || found === "&") readBackslashOrEntity(found);
		else if (found === "!") {
			if (text.charAt(at + 1) === "[") readBracket(true);
			else {
				if (at + 1 === size) hold(at);
				push("!", 1);
			}
		} else if (!readAddress()) pushText(at + found.length);
	}

	while (at < size) {
		SPECIAL.lastIndex = at;
		const found = SPECIAL.exec(text);
		pushText(found ? found.index : size);
		if (found) readSpecial(found[0]);
	}
	for (const bracket of brackets) hold(bracket.at);
	// Hidden text must not close marks of the text that is shown.
	const shown = runs.filter((run) => run.at < cut);
	pairRuns(shown, 0);
	for (const run of shown) {
		if (!live || !run.canOpen || run.left === 0 || hold(run.at) || !run.isLikely) continue;
		while (run.left > 0 && size - run.at <= SPAN_MAX) openAt(run, Math.min(2, run.left));
	}
	const done = size < WINDOW ? 0 : settled(text, tokens);
	const length = tokens[done - 1]?.end ?? 0;
	// A run of marks that is longer than any mark is text.
	if (length === 0 && size >= WINDOW) {
		return { done: [text.slice(0, SPAN_MAX)], length: SPAN_MAX, rest: [] };
	}
	return {
		done: build(tokens.slice(0, done)),
		length,
		rest: build(tokens.slice(done).filter(({ end }) => end <= cut)),
	};
}
