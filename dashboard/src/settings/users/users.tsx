// The people of the organization: users, their roles, and invitations.

import { useState } from "preact/hooks";
import type { User } from "../../../../workerd/api/openapi/openapi";
import { allItems } from "../../api/all-pages";
import { useData, useDesk } from "../../api/desk";
import { useMe } from "../../shell/me";
import { toast } from "../../shell/toasts";
import { Button } from "../../ui/button";
import { Confirm } from "../../ui/dialog";
import { Loaded } from "../loaded";
import { t } from "../texts";
import { AddUserDialog } from "./add-user";
import { Invitations } from "./invitations";
import { InviteDialog } from "./invite";
import { MemberRights } from "./member-rights";
import { SetPasswordDialog } from "./set-password";
import { UserTable } from "./user-table";

export const nameOf = (user: User): string => user.name || user.email;

type Open =
	| { readonly kind: "invite" }
	| { readonly kind: "add" }
	| { readonly kind: "remove" | "password"; readonly user: User };

export function UsersSection() {
	const { api } = useDesk();
	const { data: me } = useMe();
	const [open, setOpen] = useState<Open | null>(null);
	const remote = useData<readonly User[]>("users", (client) => ({
		load: (signal) =>
			allItems(
				(query) => client.get("/v1/admin/users", { query, signal }),
				({ users }) => users,
			),
		kinds: ["user"],
	}));
	const close = () => setOpen(null);

	async function remove(user: User) {
		await api.delete("/v1/admin/users/{userId}", { path: { userId: user.id } });
		toast({ text: t("userRemoved", { name: nameOf(user) }) });
		await remote.refresh();
	}

	return (
		<>
			<div class="settings-head">
				<p class="settings-lead">{t("usersLead")}</p>
				<div class="page-actions">
					<Button onClick={() => setOpen({ kind: "add" })}>{t("userAdd")}</Button>
					<Button kind="main" icon="plus" onClick={() => setOpen({ kind: "invite" })}>
						{t("invite")}
					</Button>
				</div>
			</div>
			<Loaded remote={remote}>
				{(users) => (
					<UserTable
						users={users}
						myId={me?.user?.id}
						onUser={(user) => remote.set(users.map((one) => (one.id === user.id ? user : one)))}
						remove={(user) => setOpen({ kind: "remove", user })}
						setPassword={(user) => setOpen({ kind: "password", user })}
					/>
				)}
			</Loaded>
			<Invitations />
			<MemberRights />
			{open?.kind === "invite" && <InviteDialog onClose={close} />}
			{open?.kind === "add" && <AddUserDialog onAdded={remote.refresh} onClose={close} />}
			{open?.kind === "password" && <SetPasswordDialog user={open.user} onClose={close} />}
			{open?.kind === "remove" && (
				<Confirm
					title={t("userRemoveTitle", { name: nameOf(open.user) })}
					action={t("userRemove")}
					isDangerous
					onConfirm={() => remove(open.user)}
					onClose={close}
				>
					<p>{t("userRemoveText")}</p>
				</Confirm>
			)}
		</>
	);
}
