// The snippets above the text field, while "/" and letters stand before the caret.

import { useEffect, useRef } from "preact/hooks";
import type { Snippet } from "../../../workerd/api/openapi/openapi";
import { t } from "./texts";

interface SnippetListProps {
	readonly id: string;
	readonly snippets: readonly Snippet[];
	/** The one that Enter inserts. */
	readonly at: number;
	readonly onPick: (snippet: Snippet) => void;
	readonly onMove: (at: number) => void;
}

export function SnippetList({ id, snippets, at, onPick, onMove }: SnippetListProps) {
	const list = useRef<HTMLDivElement>(null);
	useEffect(() => {
		list.current?.children[at]?.scrollIntoView({ block: "nearest" });
	}, [at]);
	return (
		<div class="snippets" id={id} ref={list} role="listbox" aria-label={t("snippets")}>
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
					<span class="snippet-name">/{snippet.name}</span>
					<span class="snippet-text">{snippet.text}</span>
				</div>
			))}
		</div>
	);
}
