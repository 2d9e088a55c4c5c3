// Asks for the name of a new agent.

import { useState } from "preact/hooks";
import { t as common } from "../text/common";
import { DialogForm } from "../ui/dialog-form";
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

	async function send() {
		await create(name);
		onClose();
	}

	return (
		<DialogForm title={title} action={common("create")} send={send} onClose={onClose}>
			{(errors) => (
				<TextField
					label={t("name")}
					hint={t("nameHint")}
					value={name}
					onValue={setName}
					error={errors.name}
					required
					maxLength={100}
					autocomplete="off"
				/>
			)}
		</DialogForm>
	);
}
