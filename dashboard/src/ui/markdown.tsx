// A text with Markdown, as the widget shows it: elements, never HTML. Style: ui/markdown.css, imported by the parts that
// use it.

import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { createMarkdown, type Options, plainText } from "../../../widget/src/markdown";
import { withSigns } from "../../../widget/src/markdown/marks";
import { t } from "../text/common";
import { type Citations, isCited, placeNumbers } from "./citations";

const OPTIONS: Options = {
	words: (key) => t(key),
	// Below a heading of the page's part, h2.
	heading: 3,
	// The site's are not known here.
	isKnown: () => false,
};

/** What a screen reader says: the text without marks. */
export function spokenText(text: string): string {
	return plainText(text, OPTIONS);
}

interface MarkdownProps {
	readonly text: string;
	/** False while more text may follow. */
	readonly isComplete?: boolean;
	/** The sources that a complete text cites. */
	readonly citations?: Citations | null;
}

export function Markdown({ text, isComplete = true, citations = null }: MarkdownProps) {
	const box = useRef<HTMLDivElement>(null);
	const cited = useRef(citations);
	const markdown = useMemo(
		() => createMarkdown({ ...OPTIONS, isKnown: (host) => isCited(host, cited.current) }),
		[],
	);
	const shown = citations ? withSigns(text, citations.marks) : text;
	useLayoutEffect(() => {
		const { node } = markdown;
		const place = () => citations && placeNumbers(node, citations);
		if (node.parentNode !== box.current) box.current?.append(node);
		if (cited.current !== citations) markdown.renew();
		cited.current = citations;
		markdown.render(shown, isComplete);
		place();
		// A long text is drawn in several tasks.
		node.addEventListener("grow", place);
		return () => node.removeEventListener("grow", place);
	}, [shown, isComplete]);
	return <div ref={box} />;
}
