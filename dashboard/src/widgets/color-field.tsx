// A colour: the browser's picker, and its code as text.

import { Field } from "../ui/field";
import { hexOf, rgbOf } from "../ui/site-colors";
import { t } from "./texts";

interface ColorFieldProps {
	readonly label: string;
	readonly value: string;
	readonly onValue: (value: string) => void;
	readonly error?: string | undefined;
}

export function ColorField({ label, value, onValue, error }: ColorFieldProps) {
	const rgb = rgbOf(value);
	return (
		<Field label={label} error={error}>
			{(control) => (
				<div class="color-field">
					<input
						type="color"
						class="color-picker"
						aria-label={t("pickColor", { label })}
						// The picker knows only six digits.
						value={rgb ? hexOf(rgb) : "#000000"}
						onInput={({ currentTarget }) => onValue(currentTarget.value)}
					/>
					<input
						{...control}
						class="input mono"
						spellcheck={false}
						maxLength={7}
						value={value}
						onInput={({ currentTarget }) => onValue(currentTarget.value.trim())}
					/>
				</div>
			)}
		</Field>
	);
}
