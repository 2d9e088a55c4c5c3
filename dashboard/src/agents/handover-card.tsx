// When and how the agent gives a conversation to a person.

import type { Agent } from "../../../workerd/api/openapi/openapi";
import { Card } from "../ui/card";
import { SwitchField } from "../ui/field";
import type { Form } from "../ui/use-form";
import { LongText } from "./long-text";
import { t } from "./texts";

export function HandoverCard({ form }: { readonly form: Form<Agent> }) {
	return (
		<Card title={t("people")} hint={t("peopleHint")}>
			<LongText
				form={form}
				name="escalation_instructions"
				label={t("escalation")}
				hint={t("escalationHint")}
				max={4000}
				rows={3}
			/>
			<LongText
				form={form}
				name="waiting_text"
				label={t("waitingText")}
				hint={t("waitingTextHint")}
				max={1000}
				rows={2}
			/>
			<LongText
				form={form}
				name="handover_text"
				label={t("handoverText")}
				hint={t("handoverTextHint")}
				placeholder={t("handoverTextDefault")}
				max={1000}
				rows={2}
			/>
			<SwitchField
				label={t("noReturn")}
				hint={t("noReturnHint")}
				isOn={form.value.no_return}
				onValue={(isOn) => form.set({ no_return: isOn })}
			/>
		</Card>
	);
}
