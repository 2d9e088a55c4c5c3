// A form in a dialog that sends once: its fields, what went wrong, and the buttons.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { ApiError } from "../api/errors";
import { t as common } from "../text/common";
import { describe } from "../text/describe";
import { Button } from "./button";
import { Dialog } from "./dialog";

interface DialogFormProps {
	readonly title: string;
	readonly action: string;
	/** Does not close the dialog: the caller does, or shows what came of it. */
	readonly send: () => Promise<unknown>;
	readonly onClose: () => void;
	/** The fields, with the server's errors by their names. */
	readonly children: (errors: Readonly<Record<string, string>>) => ComponentChildren;
}

export function DialogForm({ title, action, send, onClose, children }: DialogFormProps) {
	const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
	const [problem, setProblem] = useState("");
	const [isBusy, setBusy] = useState(false);

	async function submit(event: Event) {
		event.preventDefault();
		if (isBusy) return;
		setBusy(true);
		setErrors({});
		setProblem("");
		try {
			await send();
		} catch (reason) {
			const error = ApiError.from(reason);
			setErrors(error.fields);
			if (Object.keys(error.fields).length === 0) setProblem(describe(error));
			setBusy(false);
		}
	}

	return (
		<Dialog title={title} onClose={onClose}>
			<form class="form" noValidate onSubmit={submit}>
				{children(errors)}
				<p class="field-error" role="alert">
					{problem}
				</p>
				<div class="dialog-actions">
					<Button onClick={onClose}>{common("cancel")}</Button>
					<Button kind="main" type="submit" isBusy={isBusy}>
						{action}
					</Button>
				</div>
			</form>
		</Dialog>
	);
}
