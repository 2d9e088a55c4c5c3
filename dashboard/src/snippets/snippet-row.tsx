// One snippet: its name and text, or its form.

import { useState } from "preact/hooks";
import type { Snippet } from "../../../workerd/api/openapi/openapi";
import { useDesk } from "../api/desk";
import { t as common } from "../text/common";
import { IconButton } from "../ui/button";
import { Confirm } from "../ui/dialog";
import { SnippetForm, snippetDraft } from "./snippet-form";
import { t } from "./texts";
import { useEditing } from "./use-editing";

interface SnippetRowProps {
	readonly snippet: Snippet;
	readonly onChanged: () => Promise<void>;
}

export function SnippetRow({ snippet, onChanged }: SnippetRowProps) {
	const { api } = useDesk();
	const { id, name, text } = snippet;
	const path = { snippetId: id };
	const editing = useEditing(snippetDraft(id), () =>
		api.read("/v1/admin/snippets/{snippetId}", { path }),
	);
	const [isDeleting, setDeleting] = useState(false);

	async function remove() {
		await api.delete("/v1/admin/snippets/{snippetId}", { path });
		await onChanged();
	}

	if (editing.record)
		return (
			<li class="saying-edited">
				<SnippetForm initial={editing.record} onClose={editing.end} onSaved={onChanged} />
			</li>
		);
	return (
		<li class="saying">
			<div class="saying-body">
				<p class="saying-name">{name}</p>
				<p class="saying-text">{text}</p>
			</div>
			<IconButton name="edit" label={t("editName", { name })} onClick={editing.begin} />
			<IconButton
				name="trash"
				label={t("deleteName", { name })}
				onClick={() => setDeleting(true)}
			/>
			{isDeleting && (
				<Confirm
					title={t("deleteTitle", { name })}
					action={common("delete")}
					isDangerous
					onConfirm={remove}
					onClose={() => setDeleting(false)}
				>
					<p>{t("deleteSnippetText")}</p>
				</Confirm>
			)}
		</li>
	);
}
