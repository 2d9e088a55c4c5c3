// All widgets as cards.

import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { Widget } from "../../../workerd/api/openapi/openapi";
import { useAgents } from "../shell/all-agents";
import { useWidgets } from "../shell/all-widgets";
import { useCounts } from "../shell/counts";
import { useCommands } from "../shell/shortcuts";
import { Blank } from "../ui/blank";
import { ButtonLink } from "../ui/button";
import { Page } from "../ui/page";
import { Skeleton } from "../ui/skeleton";
import { TroubleLine, TroubleScreen } from "../ui/trouble";
import { WidgetCard } from "./card";
import { t } from "./texts";

/** More than the eye takes in at once. */
const MANY = 8;

export function matches(widget: Widget, agent: string, query: string): boolean {
	const { name, widget_id, allowed_origins } = widget;
	const text = [name ?? "", agent, ...(allowed_origins ?? [])].join(" ").toLowerCase();
	const words = query.trim().toLowerCase().split(/\s+/);
	return widget_id === query.trim() || words.every((word) => text.includes(word));
}

export function WidgetsPage() {
	const { data, error, refresh } = useWidgets();
	const agents = useAgents().data?.agents ?? [];
	const counts = useCounts().data?.widgets ?? {};
	const [query, setQuery] = useState("");
	const { route } = useLocation();
	useCommands([
		{ id: "new-widget", text: t("newWidget"), key: "c", run: () => route("/widgets/create") },
	]);
	const agentOf = (widget: Widget) =>
		agents.find((agent) => agent.id === widget.agent_id)?.name ?? "";
	const shown = data?.filter((widget) => matches(widget, agentOf(widget), query)) ?? [];
	const create = (
		<ButtonLink kind="main" icon="plus" href="/widgets/create">
			{t("newWidget")}
		</ButtonLink>
	);

	return (
		<Page
			title={t("title")}
			lead={t("lead")}
			width="wide"
			actions={data && data.length > 0 && create}
		>
			{data && error && <TroubleLine error={error} retry={refresh} />}
			{!data && error && <TroubleScreen error={error} retry={refresh} />}
			{!data && !error && <Skeleton rows={4} />}
			{data?.length === 0 && (
				<Blank icon="widgets" title={t("empty")}>
					<p>{t("emptyText")}</p>
					{create}
				</Blank>
			)}
			{data && data.length > MANY && (
				<input
					class="input widget-search"
					type="search"
					aria-label={t("search")}
					placeholder={t("search")}
					value={query}
					onInput={({ currentTarget }) => setQuery(currentTarget.value)}
				/>
			)}
			{shown.length > 0 && (
				<ul class="widget-cards">
					{shown.map((widget) => (
						<WidgetCard
							key={widget.id}
							widget={widget}
							agent={agentOf(widget)}
							open={counts[widget.id] ?? 0}
						/>
					))}
				</ul>
			)}
			{data && data.length > 0 && (
				<p class="list-end" role="status">
					{shown.length === 0 ? t("noMatch") : t("count", { count: shown.length })}
				</p>
			)}
		</Page>
	);
}
