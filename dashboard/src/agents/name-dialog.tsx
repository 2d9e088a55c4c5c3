// Asks for the name of a new agent.

import { useState } from "preact/hooks";
import { ApiError } from "../api/errors";
import { t as common } from "../text/common";
import { describe } from "../text/describe";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { TextField } from "../ui/field";
import { t } from "./texts";

interface NameDialogProps {
	readonly title: string;
	readonly initial?: string;
	/** Closes the dialog when it has succeeded. */
	readonly create: (name: string) => Promise<void>;
	readonly onClose: () => void;
}

export function NameDialog({ title, initial = "", create, onClose }: NameDialogProps) {
	const [name, setName] = useState(initial);
	const [error, setError] = useState("");
	const [isBusy, setBusy] = useState(false);

	async function submit(event: SubmitEvent) {
		event.preventDefault();
		if (isBusy) return;
		setBusy(true);
		try {
			await create(name);
			onClose();
		} catch (reason) {
			const refused = ApiError.from(reason);
			setError(refused.fields.name ?? describe(refused));
			setBusy(false);
		}
	}

	return (
		<Dialog title={title} onClose={onClose}>
			<form class="form" noValidate onSubmit={submit}>
				<TextField
					label={t("name")}
					hint={t("nameHint")}
					value={name}
					onValue={(next) => {
						setName(next);
						setError("");
					}}
					error={error}
					required
					maxLength={100}
					autocomplete="off"
				/>
				<div class="dialog-actions">
					<Button onClick={onClose}>{common("cancel")}</Button>
					<Button kind="main" type="submit" isBusy={isBusy}>
						{common("create")}
					</Button>
				</div>
			</form>
		</Dialog>
	);
}
