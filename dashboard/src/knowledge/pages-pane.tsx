// The pages of a source with their states, filtered and searched.

import { useState } from "preact/hooks";
import type { Source, SourcePage } from "../../../workerd/api/openapi/openapi";
import { useDesk } from "../api/desk";
import { useLater } from "../hooks/use-later";
import { useNow } from "../hooks/use-now";
import { t as common } from "../text/common";
import { formatNumber } from "../text/texts";
import { Blank } from "../ui/blank";
import { Confirm } from "../ui/dialog";
import { EndOfList } from "../ui/end-of-list";
import { Segments } from "../ui/field";
import { Skeleton } from "../ui/skeleton";
import { TroubleLine, TroubleScreen } from "../ui/trouble";
import { type PageState, useSourcePages } from "./data";
import { PageRow } from "./page-row";
import { PageTextDialog } from "./page-text-dialog";
import { t } from "./texts";

interface PagesPaneProps {
	readonly source: Source;
	readonly mayDelete: boolean;
}

const titleOf = ({ kind }: Source) => t(kind === "files" ? "filesTitle" : "pagesTitle");

const withCount = (text: string, count: number) =>
	count === 0 ? text : `${text} ${formatNumber(count)}`;

export function PagesPane({ source, mayDelete }: PagesPaneProps) {
	const { read, unread, waiting } = source.state.pages;
	const [state, setState] = useState<PageState | "all">("all");
	const [text, setText] = useState("");
	const search = useLater(text.trim());
	return (
		<section class="pages-pane" aria-label={titleOf(source)}>
			<div class="pages-filter">
				<Segments
					label={t("filter")}
					value={state}
					choices={[
						{ value: "all", text: withCount(t("filterAll"), read + unread + waiting) },
						{ value: "read", text: withCount(t("pageRead"), read) },
						{ value: "unread", text: withCount(t("pageUnread"), unread) },
						{ value: "waiting", text: withCount(t("pageWaiting"), waiting) },
					]}
					onValue={setState}
				/>
				<input
					class="input"
					type="search"
					value={text}
					aria-label={t("searchPages")}
					placeholder={t("searchPages")}
					autocomplete="off"
					onInput={(event) => setText(event.currentTarget.value)}
				/>
			</div>
			{/* Another filter is another list. */}
			<PageList
				key={`${state} ${search}`}
				source={source}
				state={state === "all" ? null : state}
				search={search}
				mayDelete={mayDelete}
			/>
		</section>
	);
}

interface PageListProps extends PagesPaneProps {
	readonly state: PageState | null;
	readonly search: string;
}

function PageList({ source, state, search, mayDelete }: PageListProps) {
	const { api } = useDesk();
	const { items, error, refresh, end } = useSourcePages(source.id, state, search);
	const now = useNow();
	const [shown, setShown] = useState<SourcePage | null>(null);
	const [deleting, setDeleting] = useState<SourcePage | null>(null);

	async function remove(page: SourcePage) {
		await api.delete("/v1/admin/sources/{sourceId}/pages/{pageId}", {
			path: { sourceId: source.id, pageId: page.id },
		});
		await refresh();
	}

	if (!items)
		return error ? <TroubleScreen error={error} retry={refresh} /> : <Skeleton rows={5} />;
	if (items.length === 0 && end.cursor === null)
		return state === null && search === "" ? (
			<Blank icon="note" title={t(source.kind === "files" ? "noFiles" : "noPages")}>
				<p>{t(`noPages_${source.kind}`)}</p>
			</Blank>
		) : (
			<Blank icon="search" title={t("noPagesMatch")} />
		);
	return (
		<>
			{error && <TroubleLine error={error} retry={refresh} />}
			<ul class="knowledge-list" aria-label={titleOf(source)}>
				{items.map((page) => (
					<PageRow
						key={page.id}
						page={page}
						now={now}
						onShow={() => setShown(page)}
						onDelete={mayDelete ? () => setDeleting(page) : undefined}
					/>
				))}
			</ul>
			<EndOfList {...end} end={t(source.kind === "files" ? "endFiles" : "endPages")} />
			{shown && <PageTextDialog sourceId={source.id} page={shown} onClose={() => setShown(null)} />}
			{deleting && (
				<Confirm
					title={t("deletePage")}
					action={common("delete")}
					isDangerous
					onConfirm={() => remove(deleting)}
					onClose={() => setDeleting(null)}
				>
					<p>{t(source.kind === "site" ? "deletePageSite" : "deletePageText")}</p>
					<p class="mono">{deleting.url}</p>
				</Confirm>
			)}
		</>
	);
}
