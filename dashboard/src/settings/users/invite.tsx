// Makes an invitation and shows its link, once.

import { useState } from "preact/hooks";
import { useDesk } from "../../api/desk";
import { DialogForm } from "../../ui/dialog-form";
import { TextField } from "../../ui/field";
import { SecretOnce } from "../../ui/secret-once";
import { type Role, RoleField } from "../role";
import { t } from "../texts";

interface InviteDialogProps {
	readonly onClose: () => void;
}

export function InviteDialog({ onClose }: InviteDialogProps) {
	const { api, entries } = useDesk();
	const [role, setRole] = useState<Role>("member");
	const [email, setEmail] = useState("");
	const [link, setLink] = useState("");

	async function send() {
		const body = { role, email: email.trim() || null };
		const made = await api.post("/v1/admin/invitations", { body });
		setLink(made.link);
		void entries.get("invitations")?.refresh();
	}

	if (link !== "")
		return (
			<SecretOnce
				title={t("inviteReady")}
				label={t("inviteLink")}
				secret={link}
				text={t("inviteReadyText")}
				onClose={onClose}
			/>
		);
	return (
		<DialogForm title={t("inviteTitle")} action={t("inviteMake")} send={send} onClose={onClose}>
			{(errors) => (
				<>
					<RoleField value={role} onValue={setRole} />
					<TextField
						label={t("inviteEmail")}
						hint={t("inviteEmailHint")}
						type="email"
						autocomplete="off"
						value={email}
						error={errors.email}
						onValue={setEmail}
					/>
				</>
			)}
		</DialogForm>
	);
}
