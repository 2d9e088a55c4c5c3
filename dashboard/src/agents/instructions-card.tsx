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
			<LongText form={form} name="purpose" placeholder={defaults.purpose.trim()} />
			<LongText form={form} name="custom_instructions" />
			<LongText form={form} name="restricted_topics" />
		</Card>
	);
}
