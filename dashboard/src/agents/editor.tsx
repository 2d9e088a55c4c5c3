// The form of an agent, and the panels beside it. On narrow screens one of the three is shown at a time.

import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { Agent } from "../../../workerd/api/openapi/openapi";
import { type Data, useDesk } from "../api/desk";
import { agentPath } from "../paths";
import type { Agents } from "../shell/all-agents";
import { useWidgets } from "../shell/all-widgets";
import { useRight } from "../shell/me";
import { toast } from "../shell/toasts";
import { t as common } from "../text/common";
import { BackLink } from "../ui/back-link";
import { Segments } from "../ui/field";
import { FormBar } from "../ui/form-bar";
import { Icon } from "../ui/icon";
import { Menu } from "../ui/menu";
import { Page } from "../ui/page";
import { TroubleLine } from "../ui/trouble";
import { changesOf, useForm } from "../ui/use-form";
import { widgetsOf } from "./data";
import { DeleteAgent } from "./delete-agent";
import { HandoverCard } from "./handover-card";
import { IdentityCard } from "./identity-card";
import { InstructionsCard } from "./instructions-card";
import { KnowledgeCard } from "./knowledge-card";
import { ModelCard } from "./model-card";
import { NameDialog } from "./name-dialog";
import { PromptPanel } from "./prompt-panel";
import { t } from "./texts";
import { ToolsCard } from "./tools-card";
import { TrialPanel } from "./trial-panel";
import { usePrompt } from "./use-prompt";
import { useTrial } from "./use-trial";
import { fieldsOf } from "./values";

type View = "form" | "test" | "prompt";
type Dialog = "delete" | "copy" | null;

interface AgentEditorProps {
	readonly agent: Data<Agent>;
	readonly data: Agent;
	readonly surroundings: Agents;
}

export function AgentEditor({ agent, data, surroundings }: AgentEditorProps) {
	const { api } = useDesk();
	const { route } = useLocation();
	const [view, setView] = useState<View>("form");
	const [dialog, setDialog] = useState<Dialog>(null);
	const mayDelete = useRight("delete");
	const widgets = useWidgets();
	const form = useForm<Agent>({
		initial: { data, etag: agent.etag },
		draft: `agent-form:${data.id}`,
		async send(changes, _, ifMatch) {
			const answer = await api.write("/v1/admin/agents/{agentId}", {
				path: { agentId: data.id },
				body: changes,
				ifMatch,
			});
			agent.set(answer.data, answer.etag);
			return answer;
		},
	});
	const changes = changesOf(form.value, form.saved);
	const trial = useTrial(data.id, changes);
	const side = view === "prompt" ? "prompt" : "test";
	const prompt = usePrompt(data.id, changes, form.saved.updated_at);

	async function save(event: SubmitEvent) {
		event.preventDefault();
		if (await form.save()) toast({ text: t("savedText") });
		// The fields are there.
		else setView("form");
	}

	async function copy(name: string) {
		const created = await api.post("/v1/admin/agents", {
			body: { ...fieldsOf(form.value), name },
		});
		route(agentPath(created.id));
	}

	const panels = [
		{ value: "test", text: t("test") },
		{ value: "prompt", text: t("prompt") },
	] as const;
	const menu = (
		<Menu
			label={common("more")}
			items={[
				{ text: t("copyAgent"), icon: "copy", run: () => setDialog("copy") },
				...(mayDelete
					? [
							{
								text: t("deleteAgent"),
								icon: "trash" as const,
								isDangerous: true,
								run: () => setDialog("delete"),
							},
						]
					: []),
			]}
		>
			<Icon name="more" />
		</Menu>
	);

	return (
		<Page
			title={form.saved.name}
			back={<BackLink href="/agents" text={t("title")} />}
			actions={menu}
			width="wide"
		>
			{agent.error && <TroubleLine error={agent.error} retry={agent.refresh} />}
			<div class="agent-tabs">
				<Segments
					label={t("view")}
					value={view}
					choices={[{ value: "form", text: t("form") }, ...panels]}
					onValue={setView}
				/>
			</div>
			<div class={`agent-panes agent-view-${view}`}>
				<form class="agent-form" noValidate onSubmit={save}>
					<IdentityCard form={form} widgets={widgets.data && widgetsOf(widgets.data, data.id)} />
					<InstructionsCard form={form} defaults={surroundings.defaults} />
					<KnowledgeCard form={form} />
					<ToolsCard form={form} />
					<ModelCard
						form={form}
						surroundings={surroundings}
						leftOut={prompt.preview?.leftOut ?? []}
					/>
					<HandoverCard form={form} />
					<FormBar form={form} />
				</form>
				<section class="agent-side" aria-label={side === "test" ? t("test") : t("prompt")}>
					<h2 class="unseen">{side === "test" ? t("test") : t("prompt")}</h2>
					<div class="agent-side-head">
						<Segments label={t("beside")} value={side} choices={panels} onValue={setView} />
					</div>
					<TrialPanel trial={trial} isChanged={form.isChanged} isHidden={side !== "test"} />
					<PromptPanel prompt={prompt} isHidden={side !== "prompt"} />
				</section>
			</div>
			{dialog === "copy" && (
				<NameDialog
					title={t("copyAgent")}
					initial={t("copyOf", { name: form.value.name })}
					create={copy}
					onClose={() => setDialog(null)}
				/>
			)}
			{dialog === "delete" && (
				<DeleteAgent
					agent={form.saved}
					widgets={widgets.data && widgetsOf(widgets.data, data.id)}
					onDeleted={form.reset}
					onClose={() => setDialog(null)}
				/>
			)}
		</Page>
	);
}
