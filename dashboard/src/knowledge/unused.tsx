// Content that no agent uses changes nothing: says so, and offers to use it.

import { useState } from "preact/hooks";
import type { Agent, Source } from "../../../workerd/api/openapi/openapi";
import { useDesk } from "../api/desk";
import { useAgents } from "../shell/all-agents";
import { toast, toastError } from "../shell/toasts";
import { Button } from "../ui/button";
import { t } from "./texts";

const uses = ({ knowledge, sources }: Agent, source: Source | undefined) =>
	knowledge === "all" ||
	(knowledge === "some" && (source === undefined || sources.includes(source.id)));

/** `source`: that no agent uses this one; otherwise that none uses any. */
export function Unused({ source }: { readonly source?: Source }) {
	const { api } = useDesk();
	const all = useAgents();
	const [isBusy, setBusy] = useState(false);
	const agents = all.data?.agents ?? [];
	const [first] = agents;
	if (!first || agents.some((agent) => uses(agent, source))) return null;

	async function use(agent: Agent) {
		setBusy(true);
		try {
			await api.put("/v1/admin/agents/{agentId}", {
				path: { agentId: agent.id },
				body:
					agent.knowledge === "some" && source
						? { sources: [...agent.sources, source.id] }
						: { knowledge: "all" },
			});
			toast({ text: t("usedNow", { name: agent.name }) });
			await all.refresh();
		} catch (reason) {
			toastError(reason);
		} finally {
			setBusy(false);
		}
	}

	return (
		<div class="knowledge-notice knowledge-unused" role="note">
			<p>{t(source ? "unusedSource" : "unused")}</p>
			<div class="form-actions">
				<Button kind="main" isSmall isBusy={isBusy} onClick={() => use(first)}>
					{t("useIn", { name: first.name })}
				</Button>
				{agents.length > 1 && <a href="/agents">{t("useInOther")}</a>}
			</div>
		</div>
	);
}
