// Gives a user who has forgotten the password a new one.

import { useState } from "preact/hooks";
import type { User } from "../../../../workerd/api/openapi/openapi";
import { useDesk } from "../../api/desk";
import { toast } from "../../shell/toasts";
import { t as common } from "../../text/common";
import { DialogForm } from "../../ui/dialog-form";
import { TextField } from "../../ui/field";
import { t } from "../texts";

interface SetPasswordDialogProps {
	readonly user: User;
	readonly onClose: () => void;
}

export function SetPasswordDialog({ user, onClose }: SetPasswordDialogProps) {
	const { api } = useDesk();
	const [password, setPassword] = useState("");
	const name = user.name || user.email;

	async function send() {
		await api.put("/v1/admin/users/{userId}", { path: { userId: user.id }, body: { password } });
		toast({ text: t("userPasswordSet", { name }) });
		onClose();
	}

	return (
		<DialogForm
			title={t("userPasswordTitle", { name })}
			action={common("save")}
			send={send}
			onClose={onClose}
		>
			{(errors) => (
				<TextField
					label={t("passwordNew")}
					hint={t("userPasswordHint", { count: 10 })}
					type="password"
					value={password}
					error={errors.password}
					autocomplete="new-password"
					onValue={setPassword}
				/>
			)}
		</DialogForm>
	);
}
