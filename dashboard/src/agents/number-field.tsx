// A number, or nothing. The text stays as it was typed: "0." is on the way to "0.5".

import { useState } from "preact/hooks";
import { TextField } from "../ui/field";
import { numberOf } from "./values";

interface NumberFieldProps {
	readonly label: string;
	readonly hint: string;
	readonly value: number | null;
	readonly onValue: (value: number | null) => void;
	readonly error: string | undefined;
	readonly placeholder: string;
	readonly min: number;
	readonly max: number;
	readonly step: number;
}

export function NumberField({ value, onValue, ...rest }: NumberFieldProps) {
	const [typed, setTyped] = useState("");
	const text = numberOf(typed) === value ? typed : value === null ? "" : String(value);
	return (
		<TextField
			{...rest}
			type="number"
			value={text}
			onValue={(next) => {
				setTyped(next);
				onValue(numberOf(next));
			}}
		/>
	);
}
