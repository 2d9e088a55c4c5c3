// The teams: people who answer together.

import { useState } from "preact/hooks";
import type { Team } from "../../../workerd/api/openapi/openapi";
import { allItems } from "../api/all-pages";
import { useData } from "../api/desk";
import { usePeople } from "../shell/people";
import { useFormDrafts } from "../ui/form-drafts";
import { Section } from "./section";
import { EMPTY_TEAM, TeamForm, teamDraft } from "./team-form";
import { TeamRow } from "./team-row";
import { t } from "./texts";

function useTeams() {
	return useData<readonly Team[]>("all teams", (api) => ({
		async load(signal) {
			const { data } = await allItems(
				(query) => api.get("/v1/admin/teams", { query, signal }),
				(page) => page.teams,
			);
			const sorted = [...data].sort((one, other) => one.name.localeCompare(other.name));
			return { data: sorted, etag: undefined };
		},
		kinds: ["team"],
	}));
}

export function Teams() {
	const teams = useTeams();
	const people = usePeople();
	const drafts = useFormDrafts();
	const [isCreating, setCreating] = useState(() => drafts.has(teamDraft(null)));
	return (
		<Section
			remote={teams}
			icon="people"
			lead={t("teamsLead")}
			action={t("newTeam")}
			onNew={() => setCreating(true)}
			isCreating={isCreating}
			empty={t("noTeams")}
			emptyText={t("noTeamsText")}
			form={
				isCreating && (
					<div class="saying-new">
						<TeamForm
							id={null}
							initial={{ data: EMPTY_TEAM, etag: undefined }}
							onClose={() => setCreating(false)}
							onSaved={teams.refresh}
						/>
					</div>
				)
			}
		>
			{(all) => (
				<ul class="saying-list" aria-label={t("teams")}>
					{all.map((team) => (
						<TeamRow key={team.id} team={team} people={people} onChanged={teams.refresh} />
					))}
				</ul>
			)}
		</Section>
	);
}
