// The text field of the composer: grows with its text, sends with Enter, and offers snippets after "/", or
// in notes colleagues after "@".

import type { RefObject } from "preact";
import { useId, useLayoutEffect, useState } from "preact/hooks";
import { useMe } from "../shell/me";
import { usePeople } from "../shell/people";
import { useSnippets } from "../shell/sayings";
import { SnippetList } from "./snippet-list";
import { insertSnippet, matching, type Offer, type Sign, snippetQuery } from "./snippet-query";

/** On phones Enter is a new line: the button sends. */
const isTouch = () => matchMedia("(pointer: coarse)").matches;

/** Measuring makes the browser lay out all messages again. */
const SIZES_ITSELF = CSS.supports("field-sizing", "content");

interface WritingBoxProps {
	readonly field: RefObject<HTMLTextAreaElement | null>;
	readonly label: string;
	readonly placeholder: string;
	readonly text: string;
	readonly onText: (text: string) => void;
	readonly onSend: () => void;
	/** After which sign something is offered. */
	readonly sign: Sign;
	readonly maxLength: number;
}

function useOffers(sign: Sign): readonly Offer[] {
	const snippets = useSnippets().data ?? [];
	const me = useMe().data?.user?.id;
	const people = usePeople().filter(({ id }) => id !== me);
	if (sign === "/") return snippets;
	return people.map(({ id, name }) => ({ id, name, text: `@${name} ` }));
}

export function WritingBox(props: WritingBoxProps) {
	const { field, label, placeholder, text, onText, onSend, sign, maxLength } = props;
	const id = useId();
	const snippets = useOffers(sign);
	const [caret, setCaret] = useState(0);
	const [at, setAt] = useState(0);
	/** The sign whose list was closed with Escape. */
	const [closed, setClosed] = useState<number | null>(null);
	const query = snippetQuery(text, caret, sign);
	const found = query && query.start !== closed ? matching(snippets, query.letters) : [];
	const chosen = Math.min(at, found.length - 1);
	const isOpen = found.length > 0;

	useLayoutEffect(() => {
		const node = field.current;
		if (!node || SIZES_ITSELF) return;
		node.style.height = "auto";
		node.style.height = `${node.scrollHeight}px`;
	}, [text]);

	function noteCaret() {
		const next = field.current?.selectionStart ?? 0;
		if (next !== caret) setCaret(next);
	}

	function pick(snippet: Offer) {
		const node = field.current;
		if (!query || !node) return;
		const next = insertSnippet(text, caret, query, snippet.text);
		onText(next.text);
		// Before the next rendering, so that the caret has its place then.
		node.value = next.text;
		node.setSelectionRange(next.caret, next.caret);
		node.focus();
		setCaret(next.caret);
	}

	function onListKey(event: KeyboardEvent): boolean {
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		if (step !== undefined) setAt((chosen + step + found.length) % found.length);
		else if (event.key === "Escape") setClosed(query?.start ?? null);
		else if ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab") {
			const snippet = found[chosen];
			if (snippet) pick(snippet);
		} else return false;
		event.preventDefault();
		event.stopPropagation();
		return true;
	}

	function onKeyDown(event: KeyboardEvent) {
		if (isOpen && onListKey(event)) return;
		if (event.key === "Escape") {
			event.preventDefault();
			field.current?.blur();
			return;
		}
		const isForced = event.ctrlKey || event.metaKey;
		if (event.key !== "Enter" || event.shiftKey || event.altKey || (isTouch() && !isForced)) return;
		event.preventDefault();
		onSend();
	}

	return (
		<div class="writing">
			{isOpen && (
				<SnippetList
					id={id}
					sign={sign}
					snippets={found}
					at={chosen}
					onPick={pick}
					onMove={setAt}
				/>
			)}
			<textarea
				ref={field}
				class="writing-field"
				rows={2}
				dir="auto"
				aria-label={label}
				placeholder={placeholder}
				maxLength={maxLength}
				value={text}
				aria-autocomplete="list"
				aria-controls={isOpen ? id : undefined}
				aria-activedescendant={isOpen ? `${id}-${chosen}` : undefined}
				onInput={(event) => {
					const { value, selectionStart } = event.currentTarget;
					setAt(0);
					// Closed with Escape, it stays closed for this word.
					if (snippetQuery(value, selectionStart, sign) === null) setClosed(null);
					setCaret(selectionStart);
					onText(value);
				}}
				onKeyUp={noteCaret}
				onClick={noteCaret}
				onKeyDown={onKeyDown}
			/>
		</div>
	);
}
