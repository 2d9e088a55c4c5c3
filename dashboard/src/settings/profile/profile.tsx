// The user's own profile: name, language, colours.

import type { Me } from "../../../../workerd/api/openapi/openapi";
import { useDesk } from "../../api/desk";
import { useMe } from "../../shell/me";
import { toast } from "../../shell/toasts";
import { t as common } from "../../text/common";
import { Card } from "../../ui/card";
import { TextField } from "../../ui/field";
import { RecordForm } from "../../ui/record-form";
import { useForm } from "../../ui/use-form";
import { Loaded } from "../loaded";
import { t } from "../texts";
import { Appearance } from "./appearance";
import { NoUser } from "./no-user";

export function ProfileSection() {
	const me = useMe();
	return (
		<>
			<Loaded remote={me}>
				{(data) =>
					data.user ? (
						<Card>
							<ProfileForm user={data.user} onSaved={(next) => me.set(next)} />
						</Card>
					) : (
						<NoUser isKey={data.key} text={t("noUserProfile")} />
					)
				}
			</Loaded>
			<Appearance />
		</>
	);
}

interface ProfileFormProps {
	readonly user: NonNullable<Me["user"]>;
	readonly onSaved: (me: Me) => void;
}

function ProfileForm({ user, onSaved }: ProfileFormProps) {
	const { api } = useDesk();
	const form = useForm({
		initial: { data: { name: user.name ?? "" }, etag: undefined },
		draft: "profile-form",
		async send({ name }) {
			const saved = await api.put("/v1/admin/me", { body: { name: name?.trim() || null } });
			onSaved(saved);
			toast({ text: common("saved") });
			return { data: { name: saved.user?.name ?? "" }, etag: undefined };
		},
	});
	return (
		<RecordForm form={form}>
			<TextField
				label={t("name")}
				hint={t("nameHint")}
				autocomplete="name"
				maxLength={100}
				value={form.value.name}
				error={form.errors.name}
				onValue={(name) => form.set({ name })}
			/>
			<TextField
				label={t("email")}
				hint={t("emailFixed")}
				type="email"
				value={user.email}
				onValue={() => {}}
				readOnly
			/>
		</RecordForm>
	);
}
