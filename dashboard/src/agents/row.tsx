// One agent in the list: who it is, with which model it answers, and where.

import type { Agent, AgentDefaults, Widget } from "../../../workerd/api/openapi/openapi";
import { agentPath, widgetPath } from "../paths";
import { widgetName } from "../text/widget-name";
import { Avatar } from "../ui/avatar";
import { Badge } from "../ui/badge";
import { t } from "./texts";
import { hostOf } from "./values";

interface AgentRowProps {
	readonly agent: Agent;
	readonly defaults: AgentDefaults;
	/** Null: not known yet. */
	readonly widgets: readonly Widget[] | null;
}

/** More widgets than this are counted. */
const NAMED_MAX = 3;

export function AgentRow({ agent, defaults, widgets }: AgentRowProps) {
	return (
		<li class="record agent-row">
			<Avatar name={agent.id} person={agent.name} />
			<div class="agent-who">
				<a class="record-link agent-name" href={agentPath(agent.id)}>
					{agent.name}
				</a>
				<p class="agent-purpose">{agent.purpose ?? t("purposeOfSettings")}</p>
			</div>
			<p class="agent-model">
				<span>{agent.model ?? defaults.model}</span>
				<ServerName agent={agent} />
			</p>
			<div class="agent-where">
				{!agent.enabled && <Badge tone="warn">{t("disabled")}</Badge>}
				{widgets && <WidgetNames widgets={widgets} />}
			</div>
		</li>
	);
}

function ServerName({ agent: { base_url: address, key_name: name } }: { readonly agent: Agent }) {
	if (address === null) return <Badge tone="bad">{t("serverMissing", { name: name ?? "" })}</Badge>;
	return <span class="quiet">{hostOf(address)}</span>;
}

function WidgetNames({ widgets }: { readonly widgets: readonly Widget[] }) {
	if (widgets.length === 0) return <span class="quiet">{t("noWidgets")}</span>;
	const more = widgets.length - NAMED_MAX;
	return (
		<>
			{widgets.slice(0, NAMED_MAX).map((widget) => (
				<a class="agent-widget" key={widget.id} href={widgetPath(widget.id)}>
					{widgetName(widget)}
				</a>
			))}
			{more > 0 && <span class="quiet">{t("moreWidgets", { count: more })}</span>}
		</>
	);
}
