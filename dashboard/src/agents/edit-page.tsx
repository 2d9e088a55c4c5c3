// One agent: its form, and beside it a test and the prompt with what the form says.

import { useRoute } from "preact-iso";
import { useAgents } from "../shell/all-agents";
import { t as common } from "../text/common";
import { BackLink } from "../ui/back-link";
import { Blank } from "../ui/blank";
import { ButtonLink } from "../ui/button";
import { Page } from "../ui/page";
import { Skeleton } from "../ui/skeleton";
import { TroubleScreen } from "../ui/trouble";
import { useAgent } from "./data";
import { AgentEditor } from "./editor";
import { t } from "./texts";

export function AgentPage() {
	const id = useRoute().params.id ?? "";
	// Another agent is another page, with nothing of this one's state.
	return <OneAgent key={id} id={id} />;
}

function OneAgent({ id }: { readonly id: string }) {
	const agent = useAgent(id);
	const all = useAgents();
	const error = agent.error ?? all.error;
	// 400: no id at all.
	if (agent.error?.status === 404 || agent.error?.status === 400)
		return (
			<Page title={common("notFound")}>
				<Blank icon="agents" title={t("gone")}>
					<p>{t("goneText")}</p>
					<ButtonLink href="/agents">{t("toList")}</ButtonLink>
				</Blank>
			</Page>
		);
	if (agent.data && all.data)
		return <AgentEditor agent={agent} data={agent.data} surroundings={all.data} />;
	return (
		<Page title={t("agent")} back={<BackLink href="/agents" text={t("title")} />} width="wide">
			{error ? (
				<TroubleScreen error={error} retry={() => Promise.all([agent.refresh(), all.refresh()])} />
			) : (
				<Skeleton rows={6} kind="form" />
			)}
		</Page>
	);
}
