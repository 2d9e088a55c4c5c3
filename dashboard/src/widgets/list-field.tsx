// A list of lines: each has a text field; Enter adds another one.

import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { t as common } from "../text/common";
import { Button, IconButton } from "../ui/button";

interface ListFieldProps {
	readonly label: string;
	readonly hint?: string;
	/** The name of one entry. */
	readonly entry: string;
	/** On the button that adds one. */
	readonly action: string;
	readonly placeholder: string;
	readonly value: readonly string[];
	readonly onValue: (value: readonly string[]) => void;
	readonly error?: string | undefined;
	/** The entry that is wrong, if it is known. */
	readonly wrong?: string | undefined;
	readonly max: number;
	readonly maxLength: number;
}

export function ListField(props: ListFieldProps) {
	const { label, hint, entry, action, placeholder, value, onValue, error, wrong, max, maxLength } =
		props;
	const id = useId();
	const list = useRef<HTMLOListElement>(null);
	/** The entry that takes the focus after the next rendering; -1: the button. */
	const [focus, setFocus] = useState<number | null>(null);
	// Before the next key.
	useLayoutEffect(() => {
		if (focus === null) return;
		const inputs = list.current?.querySelectorAll("input") ?? [];
		(inputs[focus] ?? document.getElementById(`${id}-add`))?.focus();
		setFocus(null);
	}, [focus]);

	const add = (at: number) => {
		if (value.length >= max) return;
		onValue([...value.slice(0, at), "", ...value.slice(at)]);
		setFocus(at);
	};
	const remove = (at: number) => {
		onValue(value.filter((_, i) => i !== at));
		setFocus(at < value.length - 1 ? at : at - 1);
	};
	/** The server does not say which entry is wrong. */
	const isWrong = (line: string) => !!error && (wrong === undefined || line === wrong);
	const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");

	return (
		<fieldset class="field list-field" aria-describedby={described || undefined}>
			<legend class="field-label">{label}</legend>
			{hint && (
				<p class="field-hint" id={`${id}-hint`}>
					{hint}
				</p>
			)}
			{value.length > 0 && (
				<ol ref={list} class="list-entries">
					{value.map((line, i) => (
						<li key={i}>
							<input
								class="input"
								aria-label={`${entry} ${i + 1}`}
								aria-invalid={isWrong(line)}
								value={line}
								placeholder={placeholder}
								maxLength={maxLength}
								onInput={({ currentTarget }) =>
									onValue(value.map((one, at) => (at === i ? currentTarget.value : one)))
								}
								onKeyDown={(event) => {
									if (event.key !== "Enter") return;
									event.preventDefault();
									add(i + 1);
								}}
							/>
							<IconButton
								name="trash"
								label={`${common("delete")}: ${line || `${entry} ${i + 1}`}`}
								onClick={() => remove(i)}
							/>
						</li>
					))}
				</ol>
			)}
			{error && (
				<p class="field-error" id={`${id}-error`}>
					{error}
				</p>
			)}
			<div>
				<Button
					id={`${id}-add`}
					icon="plus"
					isSmall
					disabled={value.length >= max}
					onClick={() => add(value.length)}
				>
					{action}
				</Button>
			</div>
		</fieldset>
	);
}
