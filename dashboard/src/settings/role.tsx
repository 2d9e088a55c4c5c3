// The two roles, as a choice and in words.

import type { User } from "../../../workerd/api/openapi/openapi";
import { t as common } from "../text/common";
import { SelectField } from "../ui/field";
import { t } from "./texts";

export type Role = User["role"];

export const roleName = (role: Role): string => (role === "owner" ? common("owner") : t("member"));

interface RoleFieldProps {
	readonly value: Role;
	readonly onValue: (role: Role) => void;
}

export function RoleField({ value, onValue }: RoleFieldProps) {
	return (
		<SelectField<Role>
			label={t("role")}
			hint={t(value === "owner" ? "ownerHint" : "memberHint")}
			value={value}
			choices={[
				{ value: "member", text: roleName("member") },
				{ value: "owner", text: roleName("owner") },
			]}
			onValue={onValue}
		/>
	);
}
