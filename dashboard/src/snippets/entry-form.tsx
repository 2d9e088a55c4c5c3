// The form of an entry in a list: its first field has the focus; at its end, save, cancel, conflicts and failures.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t as common } from "../text/common";
import { FormBar } from "../ui/form-bar";
import type { Form } from "../ui/use-form";

interface EntryFormProps {
	readonly form: Omit<Form<object>, "set">;
	readonly isNew: boolean;
	readonly onClose: () => void;
	/** Settles when the list shows what was saved. */
	readonly onSaved: () => Promise<void>;
	readonly children: ComponentChildren;
}

export function EntryForm({ form, isNew, onClose, onSaved, children }: EntryFormProps) {
	const box = useRef<HTMLFormElement>(null);
	useEffect(() => box.current?.querySelector("input")?.focus(), []);

	async function save(event: SubmitEvent) {
		event.preventDefault();
		if (!(await form.save())) return;
		await onSaved();
		onClose();
	}

	return (
		<form class="form" noValidate ref={box} onSubmit={save}>
			{children}
			<FormBar
				form={form}
				action={isNew ? common("create") : common("save")}
				isNew={isNew}
				isInline
				onCancel={onClose}
			/>
		</form>
	);
}
