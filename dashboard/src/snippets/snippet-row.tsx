// One snippet: its name and text, or its form.

import type { Snippet } from "../../../workerd/api/openapi/openapi";
import { useDesk } from "../api/desk";
import { EntryRow } from "./entry-row";
import { SnippetForm, snippetDraft } from "./snippet-form";
import { t } from "./texts";

interface SnippetRowProps {
	readonly snippet: Snippet;
	readonly onChanged: () => Promise<void>;
}

export function SnippetRow({ snippet, onChanged }: SnippetRowProps) {
	const { api } = useDesk();
	const { id, name, text } = snippet;
	const path = { snippetId: id };

	async function remove() {
		await api.delete("/v1/admin/snippets/{snippetId}", { path });
		await onChanged();
	}

	return (
		<EntryRow
			name={name}
			draft={snippetDraft(id)}
			read={() => api.read("/v1/admin/snippets/{snippetId}", { path })}
			form={(initial, onClose) => (
				<SnippetForm id={id} initial={initial} onClose={onClose} onSaved={onChanged} />
			)}
			remove={remove}
			warning={<p>{t("deleteSnippetText")}</p>}
		>
			<div class="saying-body">
				<p class="saying-name">{name}</p>
				<p class="saying-text">{text}</p>
			</div>
		</EntryRow>
	);
}
