// A whole number, or nothing.

import type { ComponentChildren } from "preact";
import { TextField } from "../ui/field";

interface NumberFieldProps {
	readonly label: string;
	readonly value: number | null;
	readonly onValue: (value: number | null) => void;
	readonly range: readonly [min: number, max: number];
	readonly error?: string | undefined;
	readonly hint?: ComponentChildren;
	/** What applies without a number. */
	readonly placeholder?: string;
	readonly disabled?: boolean;
}

export function NumberField({ value, onValue, range, ...rest }: NumberFieldProps) {
	return (
		<TextField
			{...rest}
			type="number"
			min={range[0]}
			max={range[1]}
			step={1}
			value={value === null ? "" : String(value)}
			onValue={(text) => onValue(text === "" ? null : Number(text))}
		/>
	);
}
