// Creates a key and shows it, once.

import { useState } from "preact/hooks";
import type { Key, NewKey } from "../../../../workerd/api/openapi/openapi";
import { useDesk } from "../../api/desk";
import { t as common } from "../../text/common";
import { DialogForm } from "../../ui/dialog-form";
import { SelectField, TextField } from "../../ui/field";
import { SecretOnce } from "../../ui/secret-once";
import { t } from "../texts";

interface CreateKeyDialogProps {
	readonly onCreated: () => Promise<void>;
	readonly onClose: () => void;
}

export function CreateKeyDialog({ onCreated, onClose }: CreateKeyDialogProps) {
	const { api } = useDesk();
	const [kind, setKind] = useState<Key["kind"]>("widget");
	const [name, setName] = useState("");
	const [made, setMade] = useState<NewKey | null>(null);

	async function send() {
		const body = { kind, name: name.trim() || null };
		setMade(await api.post("/v1/admin/keys", { body }));
		void onCreated();
	}

	if (made)
		return (
			<SecretOnce
				title={t("keyReady")}
				label={t("key")}
				secret={made.key}
				text={t("keyReadyText", {
					header: made.kind === "admin" ? "x-admin-api-key" : "x-api-key",
				})}
				onClose={onClose}
			/>
		);
	return (
		<DialogForm title={t("keyCreate")} action={common("create")} send={send} onClose={onClose}>
			{(errors) => (
				<>
					<SelectField<Key["kind"]>
						label={t("keyKind")}
						hint={t(kind === "admin" ? "keyAdminHint" : "keyWidgetHint")}
						value={kind}
						error={errors.kind}
						choices={[
							{ value: "widget", text: t("keyWidget") },
							{ value: "admin", text: t("keyAdmin") },
						]}
						onValue={setKind}
					/>
					<TextField
						label={t("name")}
						hint={t("keyNameHint")}
						maxLength={100}
						autocomplete="off"
						value={name}
						error={errors.name}
						onValue={setName}
					/>
				</>
			)}
		</DialogForm>
	);
}
