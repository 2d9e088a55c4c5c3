// A text with Markdown, as the widget shows it. While it grows, only its last block changes.

import { useLayoutEffect, useRef } from "preact/hooks";
import { createMarkdown, type Markdown as View } from "../../../widget/src/markdown/index";
import { t } from "./texts";

export const markdownOptions = {
	words: (key: "copy" | "copied" | "taskDone" | "taskOpen"): string => t(key),
	/** Below the headings of the page. */
	heading: 4,
};

interface MarkdownProps {
	readonly text: string;
	/** No more text follows. */
	readonly isComplete: boolean;
}

export function Markdown({ text, isComplete }: MarkdownProps) {
	const box = useRef<HTMLDivElement>(null);
	const view = useRef<View | null>(null);
	useLayoutEffect(() => {
		view.current ??= createMarkdown(markdownOptions);
		if (view.current.node.parentNode !== box.current)
			box.current?.replaceChildren(view.current.node);
		view.current.render(text, isComplete);
	}, [text, isComplete]);
	return <div class="markdown" dir="auto" ref={box} />;
}
