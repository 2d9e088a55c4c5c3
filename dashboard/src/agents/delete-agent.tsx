// Asks before an agent is deleted, and says what that means.

import { useLocation } from "preact-iso";
import type { Agent, Widget } from "../../../workerd/api/openapi/openapi";
import { forgetLists, useDesk } from "../api/desk";
import { widgetPath } from "../paths";
import { ALL_AGENTS } from "../shell/all-agents";
import { toast } from "../shell/toasts";
import { t as common } from "../text/common";
import { widgetName } from "../text/widget-name";
import { Button } from "../ui/button";
import { Confirm, Dialog } from "../ui/dialog";
import { t } from "./texts";

interface DeleteAgentProps {
	readonly agent: Agent;
	/** That have it. Null: not known; the server refuses if there is one. */
	readonly widgets: readonly Widget[] | null;
	readonly onDeleted: () => void;
	readonly onClose: () => void;
}

export function DeleteAgent({ agent, widgets, onDeleted, onClose }: DeleteAgentProps) {
	const desk = useDesk();
	const { api } = desk;
	const { route } = useLocation();
	const title = t("deleteTitle", { name: agent.name });

	async function confirm() {
		await api.delete("/v1/admin/agents/{agentId}", { path: { agentId: agent.id } });
		forgetLists(desk, ALL_AGENTS);
		onDeleted();
		toast({ text: t("deleted", { name: agent.name }) });
		route("/agents", true);
	}

	if (widgets && widgets.length > 0)
		return (
			<Dialog title={title} onClose={onClose}>
				<div class="dialog-text">
					<p>{t("deleteUsed")}</p>
					<ul class="agent-used">
						{widgets.map((widget) => (
							<li key={widget.id}>
								<a class="agent-widget" href={widgetPath(widget.id)}>
									{widgetName(widget)}
								</a>
							</li>
						))}
					</ul>
				</div>
				<div class="dialog-actions">
					<Button onClick={onClose}>{common("close")}</Button>
				</div>
			</Dialog>
		);
	return (
		<Confirm
			title={title}
			action={common("delete")}
			isDangerous
			onConfirm={confirm}
			onClose={onClose}
		>
			<p>{t("deleteText")}</p>
		</Confirm>
	);
}
