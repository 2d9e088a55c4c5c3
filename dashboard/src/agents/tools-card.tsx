// What the agent's model may call.

import type { Agent, Tool } from "../../../workerd/api/openapi/openapi";
import { settingsPath } from "../paths";
import { useTools } from "../shell/all-tools";
import { Badge } from "../ui/badge";
import { Card } from "../ui/card";
import { Skeleton } from "../ui/skeleton";
import { TroubleLine } from "../ui/trouble";
import type { Form } from "../ui/use-form";
import { t } from "./texts";
import { withSource } from "./values";

export function ToolsCard({ form }: { readonly form: Form<Agent> }) {
	const { data, error, refresh } = useTools();
	return (
		<Card title={t("tools")} hint={t("toolsHint")}>
			{!data &&
				(error ? <TroubleLine error={error} retry={refresh} /> : <Skeleton rows={1} kind="form" />)}
			{data?.length === 0 && (
				<p class="agent-notice">
					{t("noTools")} <a href={settingsPath("tools")}>{t("noToolsLink")}</a>
				</p>
			)}
			{data && data.length > 0 && <ToolChoice form={form} tools={data} />}
		</Card>
	);
}

interface ToolChoiceProps {
	readonly form: Form<Agent>;
	readonly tools: readonly Tool[];
}

function ToolChoice({ form, tools }: ToolChoiceProps) {
	// Deleted ones do not count any more.
	const chosen = form.value.tools.filter((id) => tools.some((one) => one.id === id));
	const error = form.errors.tools;
	return (
		<fieldset class="field source-choice" aria-describedby={error && "tool-choice-error"}>
			<legend class="unseen">{t("tools")}</legend>
			<ul class="source-choices">
				{tools.map((tool) => (
					<li key={tool.id}>
						<label class="source-option">
							<input
								type="checkbox"
								checked={chosen.includes(tool.id)}
								onChange={(event) =>
									form.set({ tools: withSource(chosen, tool.id, event.currentTarget.checked) })
								}
							/>
							<span class="source-option-name">{tool.name}</span>
							{(!tool.enabled || tool.mcpChanged) && <Badge>{t("sourceOff")}</Badge>}
						</label>
					</li>
				))}
			</ul>
			{error && (
				<p class="field-error" id="tool-choice-error">
					{error}
				</p>
			)}
		</fieldset>
	);
}
