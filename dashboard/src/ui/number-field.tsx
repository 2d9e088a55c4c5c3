// A number, or nothing. The text stays as it was typed: "0." is on the way to "0.5".

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { TextField } from "./field";

interface NumberFieldProps {
	readonly label: string;
	readonly value: number | null;
	readonly onValue: (value: number | null) => void;
	readonly range: readonly [min: number, max: number];
	/** Default: whole numbers. */
	readonly step?: number;
	readonly error?: string | undefined;
	readonly hint?: ComponentChildren;
	/** What applies without a number. */
	readonly placeholder?: string;
	readonly disabled?: boolean;
}

/** Null: nothing, or no number. */
export function numberOf(text: string): number | null {
	const number = Number(text.trim().replace(",", "."));
	return text.trim() === "" || !Number.isFinite(number) ? null : number;
}

export function NumberField({ value, onValue, range, step = 1, ...rest }: NumberFieldProps) {
	const [typed, setTyped] = useState("");
	const text = numberOf(typed) === value ? typed : value === null ? "" : String(value);
	return (
		<TextField
			{...rest}
			type="number"
			min={range[0]}
			max={range[1]}
			step={step}
			value={text}
			onValue={(next) => {
				setTyped(next);
				onValue(numberOf(next));
			}}
		/>
	);
}
