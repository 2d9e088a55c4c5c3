// The parts of the system prompt.

import type { Agent, AgentDefaults } from "../../../workerd/api/openapi/openapi";
import { Card } from "../ui/card";
import type { Form } from "../ui/use-form";
import { LongText } from "./long-text";
import { t } from "./texts";

interface InstructionsCardProps {
	readonly form: Form<Agent>;
	readonly defaults: AgentDefaults;
}

export function InstructionsCard({ form, defaults }: InstructionsCardProps) {
	return (
		<Card title={t("instructions")} hint={t("instructionsHint")}>
			<LongText
				form={form}
				name="purpose"
				label={t("purpose")}
				hint={t("purposeHint")}
				placeholder={defaults.purpose.trim()}
				max={8000}
				rows={5}
			/>
			<LongText
				form={form}
				name="custom_instructions"
				label={t("custom")}
				hint={t("customHint")}
				max={8000}
				rows={5}
			/>
			<LongText
				form={form}
				name="restricted_topics"
				label={t("restricted")}
				hint={t("restrictedHint")}
				max={4000}
				rows={3}
			/>
		</Card>
	);
}
