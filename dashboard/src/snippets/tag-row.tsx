// One tag: its colour, name and use, or its form.

import { useState } from "preact/hooks";
import type { Tag } from "../../../workerd/api/openapi/openapi";
import { useDesk } from "../api/desk";
import { t as common } from "../text/common";
import { IconButton } from "../ui/button";
import { Confirm } from "../ui/dialog";
import { TagForm, tagDraft } from "./tag-form";
import { t } from "./texts";
import { useEditing } from "./use-editing";

interface TagRowProps {
	readonly tag: Tag;
	/** Conversations that are not resolved; null: not known yet. */
	readonly uses: number | null;
	readonly mayDelete: boolean;
	readonly onChanged: () => Promise<void>;
}

export function TagRow({ tag, uses, mayDelete, onChanged }: TagRowProps) {
	const { api } = useDesk();
	const { id, name, color } = tag;
	const path = { tagId: id };
	const editing = useEditing(tagDraft(id), () => api.read("/v1/admin/tags/{tagId}", { path }));
	const [isDeleting, setDeleting] = useState(false);

	async function remove() {
		await api.delete("/v1/admin/tags/{tagId}", { path });
		await onChanged();
	}

	if (editing.record)
		return (
			<li class="saying-edited">
				<TagForm initial={editing.record} onClose={editing.end} onSaved={onChanged} />
			</li>
		);
	return (
		<li class="saying">
			<span class="tag-dot" style={{ background: color }} />
			<div class="saying-body">
				<p class="saying-name">{name}</p>
				{uses !== null && <p class="quiet">{usesText(uses)}</p>}
			</div>
			<IconButton name="edit" label={t("editName", { name })} onClick={editing.begin} />
			{mayDelete && (
				<IconButton
					name="trash"
					label={t("deleteName", { name })}
					onClick={() => setDeleting(true)}
				/>
			)}
			{isDeleting && (
				<Confirm
					title={t("deleteTitle", { name })}
					action={common("delete")}
					isDangerous
					onConfirm={remove}
					onClose={() => setDeleting(false)}
				>
					<p>{t("deleteTagText")}</p>
					{uses !== null && <p>{usesText(uses)}.</p>}
				</Confirm>
			)}
		</li>
	);
}

const usesText = (uses: number) => (uses === 0 ? t("usesNone") : t("uses", { count: uses }));
