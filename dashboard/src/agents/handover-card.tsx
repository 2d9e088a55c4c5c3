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
			<LongText form={form} name="escalation_instructions" />
			<LongText form={form} name="waiting_text" />
			<LongText form={form} name="closedText" placeholder={t("closedTextDefault")} />
			<LongText form={form} name="handover_text" placeholder={t("handoverTextDefault")} />
			<SwitchField
				label={t("noReturn")}
				hint={t("noReturnHint")}
				isOn={form.value.no_return}
				onValue={(isOn) => form.set({ no_return: isOn })}
			/>
		</Card>
	);
}
