// A user's role, which is changed at once. If somebody else has changed the user meanwhile, it asks whose version to
// keep.

import { useRef, useState } from "preact/hooks";
import type { User } from "../../../../workerd/api/openapi/openapi";
import { useDesk } from "../../api/desk";
import { ApiError } from "../../api/errors";
import { toast, toastError } from "../../shell/toasts";
import { Conflict } from "../../ui/conflict";
import { type Role, roleName } from "../role";
import { t } from "../texts";

interface RoleSelectProps {
	readonly user: User;
	readonly name: string;
	readonly onUser: (user: User) => void;
}

export function RoleSelect({ user, name, onUser }: RoleSelectProps) {
	const { api } = useDesk();
	const select = useRef<HTMLSelectElement>(null);
	const [wanted, setWanted] = useState<Role | null>(null);

	async function change(seen: User, role: Role) {
		onUser({ ...seen, role });
		try {
			const body = { role };
			const path = { userId: seen.id };
			const ifMatch = `"${seen.updated_at}"`;
			onUser(await api.put("/v1/admin/users/{userId}", { path, body, ifMatch }));
			toast({ text: t("roleChanged", { name }) });
		} catch (reason) {
			const error = ApiError.from(reason);
			if (error.isConflict) setWanted(role);
			else toastError(error);
			onUser(error.isConflict ? (error.current as User) : seen);
		}
	}

	function settle(role: Role | null) {
		setWanted(null);
		select.current?.focus();
		if (role !== null && role !== user.role) void change(user, role);
	}

	return (
		<>
			<select
				class="input select settings-role"
				ref={select}
				aria-label={t("roleOf", { name })}
				value={user.role}
				onChange={({ currentTarget }) => {
					const role = currentTarget.value as Role;
					// It shows the new role when this is true; the server may refuse.
					currentTarget.value = user.role;
					setWanted(null);
					void change(user, role);
				}}
			>
				<option value="owner">{roleName("owner")}</option>
				<option value="member">{roleName("member")}</option>
			</select>
			{wanted !== null && <Conflict onTheirs={() => settle(null)} onMine={() => settle(wanted)} />}
		</>
	);
}
