// Makes an invitation and shows its link, once.

import { useState } from "preact/hooks";
import { useDesk } from "../../api/desk";
import { useMe } from "../../shell/me";
import { DialogForm } from "../../ui/dialog-form";
import { SwitchField, TextField } from "../../ui/field";
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
	const [wantsMail, setWantsMail] = useState(true);
	const [link, setLink] = useState("");
	const mails = useMe().data?.mails ?? false;
	const sends = mails && wantsMail && email.trim() !== "";

	async function send() {
		const body = { role, email: email.trim() || null, send_mail: sends };
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
				text={sends ? t("inviteSent", { email: email.trim() }) : t("inviteReadyText")}
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
						hint={t(mails ? "inviteEmailHint" : "inviteMailNone")}
						type="email"
						autocomplete="off"
						value={email}
						error={errors.email}
						onValue={setEmail}
					/>
					{mails && (
						<SwitchField
							label={t("inviteMail")}
							isOn={sends}
							disabled={email.trim() === ""}
							onValue={setWantsMail}
						/>
					)}
				</>
			)}
		</DialogForm>
	);
}
