// The form of an entry in a list: its first field has the focus; at its end, save, cancel, conflicts and failures.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t as common } from "../text/common";
import { Button } from "../ui/button";
import { LeaveGuard } from "../ui/leave-guard";
import type { Form } from "../ui/use-form";

type FormState = Pick<
	Form<object>,
	"isChanged" | "isSaving" | "problem" | "conflict" | "settle" | "save"
>;

interface EntryFormProps {
	readonly form: FormState;
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
			<FormEnd form={form} isNew={isNew} onCancel={onClose} />
		</form>
	);
}

interface FormEndProps {
	readonly form: FormState;
	readonly isNew: boolean;
	readonly onCancel: () => void;
}

function FormEnd({ form, isNew, onCancel }: FormEndProps) {
	const { isChanged, isSaving, problem, conflict, settle } = form;
	return (
		<div>
			{isChanged && <LeaveGuard />}
			{conflict && (
				<div class="form-conflict" role="alert">
					<p>{common("conflict")}</p>
					<div class="form-actions">
						<Button isSmall onClick={() => settle("theirs")}>
							{common("conflictTheirs")}
						</Button>
						<Button isSmall onClick={() => settle("mine")}>
							{common("conflictMine")}
						</Button>
					</div>
				</div>
			)}
			<p class="field-error" role="alert">
				{problem}
			</p>
			<div class="form-actions">
				<Button onClick={onCancel}>{common("cancel")}</Button>
				<Button kind="main" type="submit" isBusy={isSaving} disabled={!isNew && !isChanged}>
					{isNew ? common("create") : common("save")}
				</Button>
			</div>
		</div>
	);
}
