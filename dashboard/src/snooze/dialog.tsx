// Selects until when conversations are snoozed.

import { useState } from "preact/hooks";
import { words } from "../text/words";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { Field } from "../ui/field";
import { t } from "./texts";
import { choicesAt, readLocal, writeLocal } from "./times";

export interface SnoozeDialogProps {
	/** null: until the visitor writes. */
	readonly onPick: (until: number | null) => void;
	readonly onClose: () => void;
}

export function SnoozeDialog({ onPick, onClose }: SnoozeDialogProps) {
	const [now] = useState(Date.now);
	const [value, setValue] = useState(() => writeLocal(now + 86_400_000));
	const [error, setError] = useState("");

	function pick(until: number | null) {
		onClose();
		onPick(until);
	}

	function submit(event: Event) {
		event.preventDefault();
		const until = readLocal(value, Date.now());
		if (until === null) setError(t("wrong"));
		else pick(until);
	}

	return (
		<Dialog title={t("title")} onClose={onClose}>
			<p class="dialog-text">{t("text")}</p>
			<div class="form">
				{choicesAt(now).map(({ name, until }) => (
					<Button
						key={name}
						title={until ? words.exact(until) : undefined}
						onClick={() => pick(until)}
					>
						{t(name)}
					</Button>
				))}
			</div>
			<form class="form" noValidate onSubmit={submit}>
				<Field label={t("other")} error={error}>
					{(control) => (
						<input
							{...control}
							class="input"
							type="datetime-local"
							value={value}
							onInput={(event) => setValue(event.currentTarget.value)}
						/>
					)}
				</Field>
				<div class="dialog-actions">
					<Button type="submit">{t("choose")}</Button>
				</div>
			</form>
		</Dialog>
	);
}
