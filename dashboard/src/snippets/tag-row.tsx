// One tag: its colour, name and use, or its form.

import type { Tag } from "../../../workerd/api/openapi/openapi";
import { useDesk } from "../api/desk";
import { EntryRow } from "./entry-row";
import { TagForm, tagDraft } from "./tag-form";
import { t } from "./texts";

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

	async function remove() {
		await api.delete("/v1/admin/tags/{tagId}", { path });
		await onChanged();
	}

	return (
		<EntryRow
			name={name}
			draft={tagDraft(id)}
			read={() => api.read("/v1/admin/tags/{tagId}", { path })}
			form={(initial, onClose) => (
				<TagForm id={id} initial={initial} onClose={onClose} onSaved={onChanged} />
			)}
			remove={mayDelete ? remove : null}
			warning={
				<>
					<p>{t("deleteTagText")}</p>
					{uses !== null && <p>{usesText(uses)}.</p>}
				</>
			}
		>
			<span class="tag-dot" style={{ background: color }} />
			<div class="saying-body">
				<p class="saying-name">{name}</p>
				{uses !== null && <p class="quiet">{usesText(uses)}</p>}
			</div>
		</EntryRow>
	);
}

const usesText = (uses: number) => (uses === 0 ? t("usesNone") : t("uses", { count: uses }));
