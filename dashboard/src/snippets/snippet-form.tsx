// The form of a snippet, new or not.

import type { Answer } from "../api/client";
import { useDesk } from "../api/desk";
import { TextField } from "../ui/field";
import { useForm } from "../ui/use-form";
import { EntryForm } from "./entry-form";
import { t } from "./texts";

interface Editable {
	/** Missing: it is new. */
	readonly id?: string;
	readonly name: string;
	readonly text: string;
}

export const EMPTY_SNIPPET: Editable = { name: "", text: "" };

/** Without an id: of a new one. */
export const snippetDraft = (id = "new") => `snippet-form:${id}`;

interface SnippetFormProps {
	readonly initial: Answer<Editable>;
	readonly onClose: () => void;
	readonly onSaved: () => Promise<void>;
}

export function SnippetForm({ initial, onClose, onSaved }: SnippetFormProps) {
	const { api } = useDesk();
	const { id } = initial.data;
	const form = useForm<Editable>({
		initial,
		draft: snippetDraft(id),
		async send({ name, text }, value, ifMatch) {
			if (id === undefined) {
				const data = await api.post("/v1/admin/snippets", {
					body: { name: value.name, text: value.text },
				});
				return { data, etag: undefined };
			}
			return api.write("/v1/admin/snippets/{snippetId}", {
				path: { snippetId: id },
				body: { ...(name !== undefined && { name }), ...(text !== undefined && { text }) },
				ifMatch,
			});
		},
	});
	const { value, errors } = form;

	return (
		<EntryForm form={form} isNew={id === undefined} onClose={onClose} onSaved={onSaved}>
			<TextField
				label={t("name")}
				hint={t("snippetNameHint")}
				value={value.name}
				onValue={(name) => form.set({ name })}
				error={errors.name}
				maxLength={100}
				autocomplete="off"
			/>
			<TextField
				label={t("text")}
				hint={t("textHint")}
				value={value.text}
				onValue={(text) => form.set({ text })}
				error={errors.text}
				rows={5}
				maxLength={4000}
			/>
		</EntryForm>
	);
}
