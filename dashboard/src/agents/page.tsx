// All agents, and a new one.

import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { useDesk } from "../api/desk";
import { agentPath } from "../paths";
import { useAgents } from "../shell/all-agents";
import { useWidgets } from "../shell/all-widgets";
import { useCommands } from "../shell/shortcuts";
import { Blank } from "../ui/blank";
import { Button } from "../ui/button";
import { Total } from "../ui/end-of-list";
import { Page } from "../ui/page";
import { Skeleton } from "../ui/skeleton";
import { TroubleLine, TroubleScreen } from "../ui/trouble";
import { widgetsOf } from "./data";
import { NameDialog } from "./name-dialog";
import { AgentRow } from "./row";
import { t } from "./texts";

export function AgentsPage() {
	const { api } = useDesk();
	const { route } = useLocation();
	const { data, error, refresh } = useAgents();
	const widgets = useWidgets();
	const [isCreating, setCreating] = useState(false);
	useCommands([{ id: "agent-new", text: t("new"), key: "c", run: () => setCreating(true) }]);
	const button = (
		<Button kind="main" icon="plus" onClick={() => setCreating(true)}>
			{t("new")}
		</Button>
	);

	async function create(name: string) {
		const agent = await api.post("/v1/admin/agents", { body: { name } });
		route(agentPath(agent.id));
	}

	return (
		<Page title={t("title")} lead={t("lead")} actions={data && data.agents.length > 0 && button}>
			{data && error && <TroubleLine error={error} retry={refresh} />}
			{!data && error && <TroubleScreen error={error} retry={refresh} />}
			{!data && !error && <Skeleton rows={3} />}
			{data?.agents.length === 0 && (
				<Blank icon="agents" title={t("empty")}>
					<p>{t("emptyText")}</p>
					{button}
				</Blank>
			)}
			{data && data.agents.length > 0 && (
				<>
					<ul class="records">
						{data.agents.map((agent) => (
							<AgentRow
								key={agent.id}
								agent={agent}
								defaults={data.defaults}
								widgets={widgets.data && widgetsOf(widgets.data, agent.id)}
							/>
						))}
					</ul>
					<Total count={data.agents.length} />
				</>
			)}
			{isCreating && (
				<NameDialog title={t("new")} create={create} onClose={() => setCreating(false)} />
			)}
		</Page>
	);
}
