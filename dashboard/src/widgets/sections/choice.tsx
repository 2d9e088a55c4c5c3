// A labelled row of choices.

import type { ComponentChildren } from "preact";
import { type Choice, Segments } from "../../ui/field";

interface ChoiceFieldProps<T extends string> {
	readonly label: string;
	readonly value: T;
	readonly choices: ReadonlyArray<Choice<T>>;
	readonly onValue: (value: T) => void;
	readonly hint?: ComponentChildren;
	readonly error?: string | undefined;
}

export function ChoiceField<T extends string>({ hint, error, ...rest }: ChoiceFieldProps<T>) {
	return (
		<div class="field choice-field">
			<span class="field-label" aria-hidden="true">
				{rest.label}
			</span>
			<Segments {...rest} />
			{hint && <p class="field-hint">{hint}</p>}
			{error && (
				<p class="field-error" role="alert">
					{error}
				</p>
			)}
		</div>
	);
}
