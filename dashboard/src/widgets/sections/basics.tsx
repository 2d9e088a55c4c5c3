// Name, greeting, agent, and whether visitors can reach the widget.

import { useAgents } from "../../shell/all-agents";
import { SelectField, SwitchField, TextField } from "../../ui/field";
import type { Fields } from "../bind";
import { MAX } from "../rules";
import { Section } from "../section";
import { t } from "../texts";

const counter = (text: string, max: number) => `${text.length} / ${max}`;

export function Basics({ fields }: { readonly fields: Fields }) {
	const { value, text, flag, set, errors, wrong } = fields;
	const agents = useAgents().data?.agents ?? [];
	const isKnown = agents.some((agent) => agent.id === value.agent_id);
	return (
		<Section
			title={t("basics")}
			hint={t("basicsHint")}
			wrong={wrong("name", "greeting", "agent_id")}
			isOpen
		>
			<div class="form-row">
				<TextField
					label={t("name")}
					hint={t("nameHint")}
					placeholder={t("nameDefault")}
					maxLength={MAX.name}
					aside={counter(value.name, MAX.name)}
					{...text("name")}
				/>
				<SelectField
					label={t("agent")}
					hint={t("agentHint")}
					value={value.agent_id}
					error={errors.agent_id}
					onValue={(agent_id) => set({ agent_id })}
					choices={[
						...(isKnown
							? []
							: [{ value: value.agent_id, text: value.agent_id || t("agentFirst") }]),
						...agents.map((agent) => ({
							value: agent.id,
							text: agent.enabled ? agent.name : t("agentOff", { name: agent.name }),
						})),
					]}
				/>
			</div>
			<TextField
				label={t("greeting")}
				hint={t("greetingHint")}
				placeholder={t("greetingDefault")}
				rows={3}
				maxLength={MAX.greeting}
				aside={counter(value.greeting, MAX.greeting)}
				{...text("greeting")}
			/>
			<SwitchField label={t("enabled")} hint={t("enabledHint")} {...flag("enabled")} />
		</Section>
	);
}
