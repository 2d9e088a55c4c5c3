// In place of the text field while somebody else answers: the model, or another operator.

import { useId, useState } from "preact/hooks";
import { Button } from "../ui/button";
import type { Holder } from "./operator";
import { t } from "./texts";

interface TakeOverProps {
	readonly holder: Holder;
	readonly holderName: string;
	readonly initialName: string;
	/** What was written before: it is still there after the takeover. */
	readonly draft: string;
	readonly onTakeOver: (name: string) => Promise<void>;
}

export function TakeOver({ holder, holderName, initialName, draft, onTakeOver }: TakeOverProps) {
	const id = useId();
	const [name, setName] = useState(initialName);
	const [isBusy, setBusy] = useState(false);

	async function submit(event: SubmitEvent) {
		event.preventDefault();
		if (isBusy) return;
		setBusy(true);
		await onTakeOver(name.trim());
		setBusy(false);
	}

	return (
		<form class="take-over" onSubmit={submit}>
			<p class="take-over-who">
				{holder === "other" ? t("otherAnswers", { name: holderName }) : t("modelAnswers")}
			</p>
			{draft !== "" && (
				<p class="take-over-draft" dir="auto">
					{t("draftKept", { text: draft.length > 80 ? `${draft.slice(0, 80)}…` : draft })}
				</p>
			)}
			<div class="take-over-row">
				<label class="take-over-name" for={id}>
					<span>{t("yourName")}</span>
					<input
						class="input"
						id={id}
						type="text"
						autocomplete="name"
						maxLength={100}
						value={name}
						onInput={(event) => setName(event.currentTarget.value)}
					/>
				</label>
				<Button kind="main" type="submit" isBusy={isBusy} data-take-over>
					{holder === "other" ? t("takeFrom", { name: holderName }) : t("takeOver")}
				</Button>
			</div>
		</form>
	);
}
