// Renders Markdown that grows while it is read: CommonMark and GFM, as elements, never as HTML. The folder
// imports nothing from outside. README.md of the widget lists what is supported.

import { type Blocks, createBlocks } from "./blocks";
import { make } from "./dom";
import type { Options } from "./leaf";

export type { Options } from "./leaf";

export interface Markdown {
	/** Has the class "md". */
	readonly node: HTMLElement;
	/**
	 * Shows a text. One that continues the last one changes only the last block. Marks at the end of a
	 * text that is not complete are held back until it is known what they are.
	 */
	render(text: string, isComplete: boolean): void;
}

export function createMarkdown(options: Options): Markdown {
	const node = make("div", { class: "md" });
	let blocks: Blocks | null = null;
	let shown = "";
	let hasEnded = false;
	return {
		node,
		render(text, isComplete) {
			const isNew = hasEnded ? text !== shown : !text.startsWith(shown);
			if (!blocks || isNew) {
				node.replaceChildren();
				blocks = createBlocks(node, options);
				shown = "";
			}
			hasEnded = isComplete;
			blocks.add(text.slice(shown.length));
			shown = text;
			blocks.show();
			if (isComplete) blocks.end();
		},
	};
}

const TEXT = "p,h1,h2,h3,h4,h5,h6,th,td,pre";

/** The text without marks, for a screen reader; one line a block. */
export function plainText(text: string, options: Options): string {
	const { node, render } = createMarkdown(options);
	render(text, true);
	return Array.from(node.querySelectorAll(TEXT), (block) => block.textContent).join("\n");
}
