// The tokens of a text, and the tree of marks that they make.

import { visible } from "./links";

export interface Mark {
	readonly tag: "em" | "strong" | "del" | "code" | "a";
	readonly href: string;
	readonly parts: Part[];
}

export type Part = string | Mark;

const DEPTH_MAX = 16;

export type Tag = Omit<Mark, "parts">;

/** In this order: marks that end here, text, marks that begin here. */
export interface Token {
	text: string;
	readonly end: number;
	readonly whole?: Tag;
	closes: number;
	opens: Tag[];
}

export const tag = (name: Mark["tag"], href = ""): Tag => ({ tag: name, href });

function addPart(parts: Part[], part: Part): void {
	const last = parts[parts.length - 1];
	if (typeof part === "string" && typeof last === "string") parts[parts.length - 1] = last + part;
	else if (part !== "") parts.push(part);
}

/** A mark that is nested too deep, and a link inside a link, adds no level. */
export function build(tokens: readonly Token[]): Part[] {
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
