// The snippets or colleagues above the text field, while "/" or "@" and letters stand before the caret.

import { useEffect, useRef } from "preact/hooks";
import type { Offer, Sign } from "./snippet-query";
import { t } from "./texts";

interface SnippetListProps {
	readonly id: string;
	readonly sign: Sign;
	readonly snippets: readonly Offer[];
	/** The one that Enter inserts. */
	readonly at: number;
	readonly onPick: (snippet: Offer) => void;
	readonly onMove: (at: number) => void;
}

export function SnippetList({ id, sign, snippets, at, onPick, onMove }: SnippetListProps) {
	const list = useRef<HTMLDivElement>(null);
	useEffect(() => {
		list.current?.children[at]?.scrollIntoView({ block: "nearest" });
	}, [at]);
	return (
		<div
			class="snippets"
			id={id}
			ref={list}
			role="listbox"
			aria-label={t(sign === "/" ? "snippets" : "colleagues")}
		>
			{snippets.map((snippet, i) => (
				// biome-ignore lint/a11y/useKeyWithClickEvents: the text field takes the keys
				<div
					class="choice"
					id={`${id}-${i}`}
					key={snippet.id}
					role="option"
					aria-selected={i === at}
					tabIndex={-1}
					onMouseMove={() => onMove(i)}
					// The text field keeps the focus.
					onMouseDown={(event) => event.preventDefault()}
					onClick={() => onPick(snippet)}
				>
					<span class="snippet-name">
						{sign}
						{snippet.name}
					</span>
					{sign === "/" && <span class="snippet-text">{snippet.text}</span>}
				</div>
			))}
		</div>
	);
}
