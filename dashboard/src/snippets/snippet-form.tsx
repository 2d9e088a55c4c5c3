// The form of a snippet, new or not.

import type { Snippet } from "../../../workerd/api/openapi/openapi";
import { useDesk } from "../api/desk";
import { TextField } from "../ui/field";
import { EntryForm, type EntryFormProps } from "./entry-form";
import { t } from "./texts";

type Fields = Pick<Snippet, "name" | "text">;

export const EMPTY_SNIPPET: Fields = { name: "", text: "" };

/** The name of its unsaved changes. */
export const snippetDraft = (id: string | null) => `snippet-form:${id ?? "new"}`;

export function SnippetForm(props: EntryFormProps<Fields>) {
	const { api } = useDesk();
	return (
		<EntryForm
			{...props}
			draft={snippetDraft(props.id)}
			create={({ name, text }) => api.post("/v1/admin/snippets", { body: { name, text } })}
			change={(snippetId, body, ifMatch) =>
				api.write("/v1/admin/snippets/{snippetId}", { path: { snippetId }, body, ifMatch })
			}
		>
			{({ value, errors, set }) => (
				<>
					<TextField
						label={t("name")}
						hint={t("snippetNameHint")}
						value={value.name}
						onValue={(name) => set({ name })}
						error={errors.name}
						maxLength={100}
						autocomplete="off"
					/>
					<TextField
						label={t("text")}
						hint={t("textHint")}
						value={value.text}
						onValue={(text) => set({ text })}
						error={errors.text}
						rows={5}
						maxLength={4000}
					/>
				</>
			)}
		</EntryForm>
	);
}
