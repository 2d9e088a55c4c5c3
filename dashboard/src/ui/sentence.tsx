// A text with elements in it, at the place that each language has for them: "Created {when}".

import { type ComponentChildren, Fragment } from "preact";

interface SentenceProps {
	/** Names in braces stand for elements; `t` leaves those in the text that it has no value for. */
	readonly text: string;
	readonly parts: Readonly<Record<string, ComponentChildren>>;
}

export function Sentence({ text, parts }: SentenceProps) {
	return (
		<>
			{text.split(/(\{\w+\})/).map((piece, i) => (
				<Fragment key={i}>{parts[piece.slice(1, -1)] ?? piece}</Fragment>
			))}
		</>
	);
}
