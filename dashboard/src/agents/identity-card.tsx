// Who the agent is for the people who work here, whether it answers, and where.

import type { Agent, Widget } from "../../../workerd/api/openapi/openapi";
import { widgetPath } from "../paths";
import { widgetName } from "../text/widget-name";
import { Card } from "../ui/card";
import { SwitchField, TextField } from "../ui/field";
import type { Form } from "../ui/use-form";
import { t } from "./texts";

interface IdentityCardProps {
	readonly form: Form<Agent>;
	/** Null: not known yet. */
	readonly widgets: readonly Widget[] | null;
}

export function IdentityCard({ form, widgets }: IdentityCardProps) {
	return (
		<Card>
			<TextField
				label={t("name")}
				hint={t("nameHint")}
				value={form.value.name}
				onValue={(name) => form.set({ name })}
				error={form.errors.name}
				required
				maxLength={100}
				autocomplete="off"
			/>
			<SwitchField
				label={t("enabled")}
				hint={t("enabledHint")}
				isOn={form.value.enabled}
				onValue={(enabled) => form.set({ enabled })}
			/>
			{widgets && (
				<p class="agent-used">
					{widgets.length === 0 ? t("usedNowhere") : t("usedBy")}{" "}
					{widgets.map((widget) => (
						<a class="agent-widget" key={widget.id} href={widgetPath(widget.id)}>
							{widgetName(widget)}
						</a>
					))}
				</p>
			)}
		</Card>
	);
}
