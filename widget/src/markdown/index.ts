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
	 * Shows a text. One that continues the last one changes only the last block; one that does not, and is
	 * complete, replaces the last one at once. Marks at the end of a text that is not complete are held back
	 * until it is known what they are.
	 */
	render(text: string, isComplete: boolean): void;
	/** The known hosts have changed: the next render() builds everything again. */
	renew(): void;
}

/** More text than this is added in several tasks, so that the page can react between them. */
const SLICE = 3_000;
/** After a task that took longer, the next one adds half as much: on a slow phone, or of a text that is made to be slow. */
const TASK_MS = 16;
const SLICE_MIN = SLICE / 8;

/** Nobody listens to a longer text at once; the list of messages has it. */
const SPOKEN_MAX = 20_000;

/** "grow" is an event of the node after text was added later than in render(). */
export function createMarkdown(options: Options): Markdown {
	const node = make("div", { class: "md" });
	/** Where text is added: the node, or an element beside it while the node shows another text. */
	let sheet = node;
	let blocks: Blocks | null = null;
	let text = "";
	/** The length of the text that was added. */
	let added = 0;
	let slice = SLICE;
	let isLast = false;
	let isStale = false;
	let timer = 0;

	function addSlice(): void {
		timer = 0;
		const began = performance.now();
		const end = added + slice;
		blocks?.add(text.slice(added, end));
		added = Math.min(end, text.length);
		blocks?.show();
		const isSlow = performance.now() - began > TASK_MS;
		slice = isSlow ? Math.max(slice / 2, SLICE_MIN) : Math.min(slice * 2, SLICE);
		if (end < text.length) timer = setTimeout(addLater) as unknown as number;
		else if (isLast) {
			blocks?.end();
			if (sheet !== node) node.replaceChildren(...sheet.childNodes);
		}
	}

	/** A node that is not on the page any more needs no text; render() continues. */
	function addLater(): void {
		timer = 0;
		if (!node.isConnected) return;
		addSlice();
		node.dispatchEvent(new CustomEvent("grow", { bubbles: true }));
	}

	return {
		node,
		renew() {
			isStale = true;
		},
		render(next, isComplete) {
			// The server cuts white space at the end of a complete reply.
			const isSame = isLast
				? isComplete && next === text
				: next.startsWith(text) || (isComplete && next === text.trimEnd());
			if (!blocks || !isSame || isStale) {
				isStale = false;
				// A page that became shorter for a moment would lose its place.
				sheet = blocks && isComplete ? make("div") : node;
				sheet.replaceChildren();
				blocks = createBlocks(sheet, options);
				added = 0;
			}
			text = next;
			isLast = isComplete;
			if (!timer) addSlice();
		},
	};
}

const TEXT = "p,h1,h2,h3,h4,h5,h6,tr,pre";

/** A row has each cell behind the header of its column. */
function lineOf(block: Element): string {
	if (block.localName !== "tr") return block.textContent ?? "";
	const heads = block.parentElement?.previousElementSibling?.querySelectorAll("th");
	return [...block.children]
		.map(
			({ textContent: text }, i) =>
				text && [heads?.[i]?.textContent, text].filter(Boolean).join(": "),
		)
		.filter(Boolean)
		.join(", ");
}

/** The text without marks, for a screen reader; one line a block or row. `isComplete`: no more text follows. */
export function plainText(text: string, options: Options, isComplete = true): string {
	const node = make("div");
	const blocks = createBlocks(node, options);
	blocks.add(text.slice(0, SPOKEN_MAX));
	if (isComplete) blocks.end();
	else blocks.show();
	return [...node.querySelectorAll(TEXT)].map(lineOf).join("\n");
}
