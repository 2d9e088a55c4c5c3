// Places in a text that cite something. Before the text is rendered, each gets a sign; afterwards, an element replaces it.

export interface Mark {
	/** From 1 to 255. */
	readonly n: number;
	/** In UTF-16 units. */
	readonly at: number;
}

/** The sign of number n: punctuation for Markdown, and no part of an address. Of private use, so in no text. */
const signOf = (n: number) => `\u3014${String.fromCharCode(0xe000 + n)}\u3015`;
const SIGN = /\u3014([\ue001-\ue0ff])\u3015/;

/** The text with its signs; a text that has such signs itself stays without. */
export function withSigns(text: string, marks: readonly Mark[]): string {
	if (SIGN.test(text)) return text;
	const places = marks
		.map(({ n, at }) => ({ n, at: Math.min(at, text.length) }))
		.sort((a, b) => a.at - b.at || a.n - b.n);
	let from = 0;
	let marked = "";
	for (const { n, at } of places) {
		marked += text.slice(from, at) + signOf(n);
		from = at;
	}
	return marked + text.slice(from);
}

/** Replaces the signs below the node. `create` may return null: the sign goes without an element. */
export function replaceSigns(
	node: HTMLElement,
	create: (n: number, isInLink: boolean) => HTMLElement | null,
): void {
	const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
	for (let text = walker.nextNode() as Text | null; text; text = walker.nextNode() as Text | null) {
		const found = SIGN.exec(text.data);
		if (!found) continue;
		const rest = text.splitText(found.index);
		const isInLink = text.parentElement?.closest("a") !== null;
		rest.deleteData(0, found[0].length);
		const element = create((found[1] ?? "").charCodeAt(0) - 0xe000, isInLink);
		if (element) rest.before(element);
	}
}
