// Links with labels, and images, which are links too.

import { pairRuns } from "./emphasis";
import { isDisguised, safeUrl, targetOf, visible } from "./links";
import { type Token, tag } from "./parts";
import { hold, push, type Scan, SPAN_MAX, textBefore } from "./scan";
import { readTarget } from "./target";

interface Bracket {
	readonly token: Token;
	readonly at: number;
	readonly isImage: boolean;
	/** The numbers of tokens and runs before its label. */
	readonly first: number;
	readonly bottom: number;
}

export interface Brackets {
	/** The number of open brackets. */
	count(): number;
	open(mark: string): void;
	close(): void;
	/** The text has ended. */
	end(): void;
}

export function createBrackets(scan: Scan): Brackets {
	const { text, size, live, where, tokens, runs } = scan;
	const brackets: Bracket[] = [];
	/** Brackets before this position cannot begin a link: links contain no links. */
	let noLinkBefore = 0;

	function endLabel({ token, bottom }: Bracket): void {
		pairRuns(runs, bottom);
		runs.length = bottom;
		token.text = "";
	}

	function pushLink(bracket: Bracket, url: URL, end: number): void {
		endLabel(bracket);
		bracket.token.opens = [tag("a", url.href)];
		const written = tokens
			.slice(bracket.first)
			.map((one) => one.text)
			.join("");
		const target = targetOf(url);
		const isEmpty = !/\S/.test(visible(written));
		if (isEmpty) push(scan, target, 0);
		const label = isEmpty ? target : visible(written);
		const sides = [textBefore(scan, bracket.at, 12), text.slice(end, end + 12)] as const;
		const host = isDisguised(label, url, ...sides, where) ? ` (${target})` : "";
		push(scan, host, end - scan.at).closes = 1;
		if (!bracket.isImage) noLinkBefore = end;
	}

	/** Whether a link ends here: its label, then its address. */
	function readLink(bracket: Bracket): boolean {
		const { at } = scan;
		if (at + 1 === size && hold(scan, at, true)) hold(scan, bracket.at);
		const target = text.charAt(at + 1) === "(" && readTarget(text, at + 1);
		if (target === "more") {
			// The label is shown while the address is not complete.
			if (live && size - bracket.at <= SPAN_MAX) {
				endLabel(bracket);
				hold(scan, at, true);
			}
			return false;
		}
		const url = target && target.end - bracket.at <= SPAN_MAX && safeUrl(target.to, where.base);
		if (url) pushLink(bracket, url, target.end);
		return Boolean(url);
	}

	return {
		count: () => brackets.length,
		open(mark) {
			const { at } = scan;
			const token = push(scan, mark, mark.length);
			const isImage = mark !== "[";
			brackets.push({ token, at, isImage, first: tokens.length, bottom: runs.length });
		},
		close() {
			const bracket = brackets.pop();
			const isActive = bracket && (bracket.isImage || bracket.at >= noLinkBefore);
			if (!isActive || !readLink(bracket)) push(scan, "]", 1);
		},
		end() {
			for (const { at } of brackets) hold(scan, at);
		},
	};
}
