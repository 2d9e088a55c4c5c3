// The snippets: texts that operators insert into their messages.

import { useState } from "preact/hooks";
import { useSnippets } from "../shell/sayings";
import { useFormDrafts } from "../ui/form-drafts";
import { Section } from "./section";
import { EMPTY_SNIPPET, SnippetForm, snippetDraft } from "./snippet-form";
import { SnippetRow } from "./snippet-row";
import { t } from "./texts";

/** Fewer are found without a search. */
const SEARCH_FROM = 10;

export function Snippets() {
	const snippets = useSnippets();
	const drafts = useFormDrafts();
	const [isCreating, setCreating] = useState(() => drafts.has(snippetDraft(null)));
	const [search, setSearch] = useState("");
	const words = search.trim().toLowerCase();

	return (
		<Section
			remote={snippets}
			icon="note"
			lead={t("snippetsLead")}
			action={t("newSnippet")}
			onNew={() => setCreating(true)}
			isCreating={isCreating}
			empty={t("noSnippets")}
			emptyText={t("noSnippetsText")}
			form={
				isCreating && (
					<div class="saying-new">
						<SnippetForm
							id={null}
							initial={{ data: EMPTY_SNIPPET, etag: undefined }}
							onClose={() => setCreating(false)}
							onSaved={snippets.refresh}
						/>
					</div>
				)
			}
		>
			{(all) => {
				const found = all.filter(({ name, text }) =>
					`${name}\n${text}`.toLowerCase().includes(words),
				);
				return (
					<>
						{all.length >= SEARCH_FROM && (
							<input
								class="input"
								type="search"
								value={search}
								aria-label={t("searchSnippets")}
								placeholder={t("searchSnippets")}
								onInput={(event) => setSearch(event.currentTarget.value)}
							/>
						)}
						{found.length === 0 && <p class="quiet">{t("noMatch")}</p>}
						{found.length > 0 && (
							<ul class="saying-list" aria-label={t("snippets")}>
								{found.map((snippet) => (
									<SnippetRow key={snippet.id} snippet={snippet} onChanged={snippets.refresh} />
								))}
							</ul>
						)}
					</>
				);
			}}
		</Section>
	);
}
