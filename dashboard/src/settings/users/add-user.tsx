// Adds a user with a password that the owner chooses.

import { useState } from "preact/hooks";
import { useDesk } from "../../api/desk";
import { toast } from "../../shell/toasts";
import { t as common } from "../../text/common";
import { DialogForm } from "../../ui/dialog-form";
import { TextField } from "../../ui/field";
import { type Role, RoleField } from "../role";
import { t } from "../texts";

interface AddUserDialogProps {
	readonly onAdded: () => Promise<void>;
	readonly onClose: () => void;
}

export function AddUserDialog({ onAdded, onClose }: AddUserDialogProps) {
	const { api } = useDesk();
	const [name, setName] = useState("");
	const [email, setEmail] = useState("");
	const [password, setPassword] = useState("");
	const [role, setRole] = useState<Role>("member");

	async function send() {
		const body = { name: name.trim() || null, email: email.trim(), password, role };
		await api.post("/v1/admin/users", { body });
		toast({ text: t("userAdded", { name: name || email }) });
		onClose();
		await onAdded();
	}

	return (
		<DialogForm title={t("userAddTitle")} action={common("add")} send={send} onClose={onClose}>
			{(errors) => (
				<>
					<TextField
						label={t("name")}
						value={name}
						error={errors.name}
						maxLength={100}
						autocomplete="off"
						onValue={setName}
					/>
					<TextField
						label={t("email")}
						type="email"
						value={email}
						error={errors.email}
						autocomplete="off"
						onValue={setEmail}
					/>
					<TextField
						label={t("passwordFirst")}
						hint={t("passwordFirstHint", { count: 10 })}
						type="password"
						value={password}
						error={errors.password}
						autocomplete="new-password"
						onValue={setPassword}
					/>
					<RoleField value={role} onValue={setRole} />
				</>
			)}
		</DialogForm>
	);
}
