// A list of choices, found by a few letters: a field that keeps the focus, and the list below it (WAI-ARIA Authoring
// Practices, combobox).

import type { ComponentChildren } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";

interface ChooserProps<T> {
	/** Of the field; also its placeholder. */
	readonly label: string;
	readonly listLabel: string;
	readonly letters: string;
	readonly onLetters: (letters: string) => void;
	/** Those that match the letters. */
	readonly choices: readonly T[];
	readonly keyOf: (choice: T) => string;
	readonly onPick: (choice: T) => void;
	/** Said while nothing matches. */
	readonly none: string;
	/** Default: the dialog around it closes itself. */
	readonly onEscape?: () => void;
	readonly maxLength?: number;
	readonly children: (choice: T) => ComponentChildren;
}

export function Chooser<T>(props: ChooserProps<T>) {
	const { label, listLabel, letters, onLetters, choices, keyOf, onPick, none, onEscape } = props;
	const id = useId();
	const field = useRef<HTMLInputElement>(null);
	const list = useRef<HTMLDivElement>(null);
	const [at, setAt] = useState(0);
	const count = choices.length;
	const chosen = Math.min(at, count - 1);

	// Before it is painted: the first letters may follow the shortcut at once.
	useLayoutEffect(() => field.current?.focus(), []);
	useEffect(() => {
		list.current?.children[chosen]?.scrollIntoView({ block: "nearest" });
	}, [chosen]);

	function pick(choice: T | undefined) {
		if (choice === undefined) return;
		setAt(0);
		// It may stay open for another choice.
		field.current?.focus();
		onPick(choice);
	}

	function onKeyDown(event: KeyboardEvent) {
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		if (step !== undefined && count > 0) setAt((chosen + step + count) % count);
		else if (event.key === "Enter") pick(choices[chosen]);
		else if (event.key === "Escape" && onEscape) onEscape();
		else return;
		event.preventDefault();
		event.stopPropagation();
	}

	return (
		<>
			<input
				class="input"
				ref={field}
				type="text"
				role="combobox"
				autocomplete="off"
				placeholder={label}
				aria-label={label}
				aria-expanded="true"
				aria-controls={id}
				aria-activedescendant={count > 0 ? `${id}-${chosen}` : undefined}
				maxLength={props.maxLength}
				value={letters}
				onInput={(event) => {
					onLetters(event.currentTarget.value);
					setAt(0);
				}}
				onKeyDown={onKeyDown}
			/>
			<div class="choices" id={id} ref={list} role="listbox" aria-label={listLabel}>
				{choices.map((choice, i) => (
					// biome-ignore lint/a11y/useKeyWithClickEvents: the field above takes the keys
					<div
						class="choice"
						id={`${id}-${i}`}
						key={keyOf(choice)}
						role="option"
						aria-selected={i === chosen}
						tabIndex={-1}
						onMouseMove={() => setAt(i)}
						onClick={() => pick(choice)}
					>
						{props.children(choice)}
					</div>
				))}
			</div>
			{count === 0 && (
				<p class="quiet" role="status">
					{none}
				</p>
			)}
		</>
	);
}
