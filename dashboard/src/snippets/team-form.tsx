// The form of a team, new or not.

import type { Team } from "../../../workerd/api/openapi/openapi";
import { useDesk } from "../api/desk";
import { usePeople } from "../shell/people";
import { TextField } from "../ui/field";
import { EntryForm, type EntryFormProps } from "./entry-form";
import { t } from "./texts";

type Fields = Pick<Team, "name" | "members">;

export const EMPTY_TEAM: Fields = { name: "", members: [] };

/** The name of its unsaved changes. */
export const teamDraft = (id: string | null) => `team-form:${id ?? "new"}`;

export function TeamForm(props: EntryFormProps<Fields>) {
	const { api } = useDesk();
	return (
		<EntryForm
			{...props}
			draft={teamDraft(props.id)}
			create={({ name, members }) => api.post("/v1/admin/teams", { body: { name, members } })}
			change={(teamId, body, ifMatch) =>
				api.write("/v1/admin/teams/{teamId}", { path: { teamId }, body, ifMatch })
			}
		>
			{({ value, errors, set }) => (
				<>
					<TextField
						label={t("name")}
						value={value.name}
						onValue={(name) => set({ name })}
						error={errors.name}
						maxLength={50}
						autocomplete="off"
					/>
					<Members value={value.members} onValue={(members) => set({ members })} />
					{errors.members && <p class="field-error">{errors.members}</p>}
				</>
			)}
		</EntryForm>
	);
}

interface MembersProps {
	readonly value: readonly string[];
	readonly onValue: (members: string[]) => void;
}

function Members({ value, onValue }: MembersProps) {
	const people = usePeople();
	return (
		<fieldset class="members">
			<legend class="field-label">{t("members")}</legend>
			{people.map(({ id, name }) => (
				<label class="member" key={id}>
					<input
						type="checkbox"
						checked={value.includes(id)}
						onChange={({ currentTarget: { checked } }) =>
							onValue([...value.filter((one) => one !== id), ...(checked ? [id] : [])])
						}
					/>
					<span dir="auto">{name}</span>
				</label>
			))}
		</fieldset>
	);
}
