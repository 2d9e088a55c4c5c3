// The user's own profile: name, picture, language, colours.

import type { Me } from "../../../../workerd/api/openapi/openapi";
import { useDesk } from "../../api/desk";
import { useMe } from "../../shell/me";
import { toast } from "../../shell/toasts";
import { t as common } from "../../text/common";
import { Avatar } from "../../ui/avatar";
import { Card } from "../../ui/card";
import { TextField } from "../../ui/field";
import { isPictureAddress, PICTURE_ADDRESS_MAX } from "../../ui/picture-address";
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
							<ProfileForm user={data.user} etag={me.etag} onSaved={me.set} />
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
	readonly etag: string | undefined;
	readonly onSaved: (me: Me, etag?: string) => void;
}

interface Editable {
	readonly name: string;
	readonly picture: string;
}

const editableOf = (user: Me["user"]): Editable => ({
	name: user?.name ?? "",
	picture: user?.picture ?? "",
});

function ProfileForm({ user, etag, onSaved }: ProfileFormProps) {
	const { api } = useDesk();
	const form = useForm<Editable>({
		initial: { data: editableOf(user), etag },
		draft: "profile-form",
		receive: (record) => editableOf((record as Me).user),
		async send({ name, picture }, _, ifMatch) {
			const body = {
				...(name !== undefined && { name: name.trim() || null }),
				...(picture !== undefined && { picture: picture.trim() || null }),
			};
			const saved = await api.write("/v1/admin/me", { body, ifMatch });
			onSaved(saved.data, saved.etag);
			toast({ text: common("saved") });
			return { data: editableOf(saved.data.user), etag: saved.etag };
		},
	});
	const address = form.value.picture.trim();
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
			<div class="profile-picture">
				<Avatar
					name={user.id}
					person={form.value.name.trim() || user.email}
					picture={isPictureAddress(address) ? address : null}
					size="large"
				/>
				<TextField
					label={t("picture")}
					hint={t("pictureHint")}
					type="url"
					placeholder="https://"
					maxLength={PICTURE_ADDRESS_MAX}
					value={form.value.picture}
					error={form.errors.picture}
					onValue={(picture) => form.set({ picture })}
				/>
			</div>
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
