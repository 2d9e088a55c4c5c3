// The users with their roles.

import type { User } from "../../../../workerd/api/openapi/openapi";
import { t as common } from "../../text/common";
import { words } from "../../text/words";
import { Avatar } from "../../ui/avatar";
import { Badge } from "../../ui/badge";
import { Total } from "../../ui/end-of-list";
import { Icon } from "../../ui/icon";
import { Menu } from "../../ui/menu";
import { Sentence } from "../../ui/sentence";
import { TimeStamp } from "../../ui/time-stamp";
import { t } from "../texts";
import { RoleSelect } from "./role-select";

interface UserTableProps {
	readonly users: readonly User[];
	readonly myId: string | undefined;
	readonly onUser: (user: User) => void;
	readonly remove: (user: User) => void;
	readonly setPassword: (user: User) => void;
}

export function UserTable({ users, ...rest }: UserTableProps) {
	if (users.length === 0) return <p class="card quiet">{t("usersNone")}</p>;
	return (
		<>
			<ul class="card settings-rows" aria-label={t("users")}>
				{users.map((user) => (
					<UserRow key={user.id} user={user} {...rest} />
				))}
			</ul>
			<Total count={users.length} />
		</>
	);
}

interface UserRowProps extends Omit<UserTableProps, "users"> {
	readonly user: User;
}

function UserRow({ user, myId, onUser, remove, setPassword }: UserRowProps) {
	const name = user.name || user.email;
	const isMe = user.id === myId;
	return (
		<li class="settings-row">
			<Avatar name={user.id} person={name} picture={user.picture} />
			<div class="settings-row-text">
				<p class="settings-row-title">
					<span>{name}</span>
					{isMe && <Badge tone="accent">{t("you")}</Badge>}
				</p>
				<p class="quiet">
					{user.name && `${user.email} · `}
					<Sentence
						text={t("since")}
						parts={{
							when: <TimeStamp at={user.created_at} text={words.date(user.created_at)} />,
						}}
					/>
				</p>
			</div>
			<RoleSelect user={user} name={name} onUser={onUser} />
			<Menu
				label={`${common("more")}: ${name}`}
				items={[
					{ text: t("userPassword"), icon: "key", run: () => setPassword(user) },
					{ text: t("userRemove"), icon: "trash", isDangerous: true, run: () => remove(user) },
				]}
			>
				<Icon name="more" />
			</Menu>
		</li>
	);
}
