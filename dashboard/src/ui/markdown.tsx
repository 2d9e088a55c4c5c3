// A text with Markdown, as the widget shows it: elements, never HTML. Style: ui/markdown.css, imported by the parts that
// use it.

import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { createMarkdown, type Options, plainText } from "../../../widget/src/markdown";
import { t } from "../text/common";

const OPTIONS: Options = {
	words: (key) => t(key),
	// Below a heading of the page's part, h2.
	heading: 3,
};

/** What a screen reader says: the text without marks. */
export function spokenText(text: string): string {
	return plainText(text, OPTIONS);
}

interface MarkdownProps {
	readonly text: string;
	/** False while more text may follow. */
	readonly isComplete?: boolean;
}

export function Markdown({ text, isComplete = true }: MarkdownProps) {
	const box = useRef<HTMLDivElement>(null);
	const markdown = useMemo(() => createMarkdown(OPTIONS), []);
	useLayoutEffect(() => {
		if (markdown.node.parentNode !== box.current) box.current?.append(markdown.node);
		markdown.render(text, isComplete);
	}, [text, isComplete]);
	return <div ref={box} />;
}
