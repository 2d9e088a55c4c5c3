// The form of a record: its fields, and the bar that saves them.

import type { ComponentChildren } from "preact";
import { FormBar, type FormBarProps } from "./form-bar";
import type { Form } from "./use-form";

interface RecordFormProps extends Omit<FormBarProps, "form"> {
	readonly form: FormBarProps["form"] & Pick<Form<object>, "save">;
	readonly onSaved?: () => void;
	readonly children: ComponentChildren;
}

export function RecordForm({ form, onSaved, children, ...bar }: RecordFormProps) {
	async function save(event: SubmitEvent) {
		event.preventDefault();
		if (await form.save()) onSaved?.();
	}

	return (
		// The server's rules apply, with its words.
		<form class="form" noValidate onSubmit={save}>
			{children}
			<FormBar form={form} {...bar} />
		</form>
	);
}
