// One team: its name and members, or its form.

import type { Team } from "../../../workerd/api/openapi/openapi";
import { useDesk } from "../api/desk";
import type { Person } from "../shell/people";
import { EntryRow } from "./entry-row";
import { TeamForm, teamDraft } from "./team-form";
import { t } from "./texts";

interface TeamRowProps {
	readonly team: Team;
	readonly people: readonly Person[];
	readonly onChanged: () => Promise<void>;
}

export function TeamRow({ team, people, onChanged }: TeamRowProps) {
	const { api } = useDesk();
	const { id, name, members } = team;
	const path = { teamId: id };
	const names = people.filter((one) => members.includes(one.id)).map((one) => one.name);

	async function remove() {
		await api.delete("/v1/admin/teams/{teamId}", { path });
		await onChanged();
	}

	return (
		<EntryRow
			name={name}
			draft={teamDraft(id)}
			read={() => api.read("/v1/admin/teams/{teamId}", { path })}
			form={(initial, onClose) => (
				<TeamForm id={id} initial={initial} onClose={onClose} onSaved={onChanged} />
			)}
			remove={remove}
			warning={<p>{t("deleteTeamText")}</p>}
		>
			<div class="saying-body">
				<p class="saying-name">{name}</p>
				<p class="saying-text">{members.length === 0 ? t("noMembers") : names.join(", ")}</p>
			</div>
		</EntryRow>
	);
}
