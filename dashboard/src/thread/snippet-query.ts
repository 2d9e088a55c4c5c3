// Snippets and mentions in the text field: "/" or "@" at the beginning of a word opens the list, the letters after it
// filter, and the chosen text takes the place of both.

import type { Snippet } from "../../../workerd/api/openapi/openapi";

export interface SnippetQuery {
	/** The position of the sign. */
	readonly start: number;
	readonly letters: string;
}

const LETTERS_MAX = 40;

export type Sign = "/" | "@";

/** What the list offers. */
export type Offer = Pick<Snippet, "id" | "name" | "text">;

/** What is being searched at the caret; null: nothing. */
export function snippetQuery(text: string, caret: number, sign: Sign = "/"): SnippetQuery | null {
	const match = (sign === "/" ? /(?:^|\s)\/([^\s/]*)$/ : /(?:^|\s)@([^\s@]*)$/).exec(
		text.slice(0, caret),
	);
	const letters = match?.[1];
	if (letters === undefined || letters.length > LETTERS_MAX) return null;
	return { start: caret - letters.length - 1, letters };
}

/** The lower the better. */
function rank({ name, text }: Offer, letters: string): number {
	const title = name.toLowerCase();
	if (title.startsWith(letters)) return 0;
	if (title.split(/[\s_-]+/).some((word) => word.startsWith(letters))) return 1;
	if (title.includes(letters)) return 2;
	return text.toLowerCase().includes(letters) ? 3 : 4;
}

export function matching(snippets: readonly Offer[], letters: string): Offer[] {
	const low = letters.toLowerCase();
	return snippets
		.map((snippet) => ({ snippet, rank: rank(snippet, low) }))
		.filter((one) => one.rank < 4)
		.sort((a, b) => a.rank - b.rank || a.snippet.name.localeCompare(b.snippet.name))
		.map((one) => one.snippet);
}

export interface Inserted {
	readonly text: string;
	readonly caret: number;
}

export function insertSnippet(
	text: string,
	caret: number,
	{ start }: SnippetQuery,
	snippet: string,
): Inserted {
	return {
		text: text.slice(0, start) + snippet + text.slice(caret),
		caret: start + snippet.length,
	};
}
