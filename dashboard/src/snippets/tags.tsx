// The tags: marks of conversations, to find and count them.

import { useState } from "preact/hooks";
import { useCounts } from "../shell/counts";
import { useIsOwner } from "../shell/me";
import { useTags } from "../shell/sayings";
import { useFormDrafts } from "../ui/form-drafts";
import { Section } from "./section";
import { EMPTY_TAG, TagForm, tagDraft } from "./tag-form";
import { TagRow } from "./tag-row";
import { t } from "./texts";

export function Tags() {
	const tags = useTags();
	const counts = useCounts();
	const isOwner = useIsOwner();
	const drafts = useFormDrafts();
	const [isCreating, setCreating] = useState(() => drafts.has(tagDraft(null)));
	return (
		<Section
			remote={tags}
			icon="tag"
			lead={t("tagsLead")}
			action={t("newTag")}
			onNew={() => setCreating(true)}
			isCreating={isCreating}
			empty={t("noTags")}
			emptyText={t("noTagsText")}
			form={
				isCreating && (
					<div class="saying-new">
						<TagForm
							id={null}
							initial={{ data: EMPTY_TAG, etag: undefined }}
							onClose={() => setCreating(false)}
							onSaved={tags.refresh}
						/>
					</div>
				)
			}
		>
			{(all) => (
				<ul class="saying-list" aria-label={t("tags")}>
					{all.map((tag) => (
						<TagRow
							key={tag.id}
							tag={tag}
							uses={counts.data && (counts.data.tags[tag.id] ?? 0)}
							mayDelete={isOwner}
							onChanged={tags.refresh}
						/>
					))}
				</ul>
			)}
		</Section>
	);
}
