// Which model answers, on which server, and how.

import type { Agent } from "../../../workerd/api/openapi/openapi";
import type { Agents } from "../shell/all-agents";
import { Card } from "../ui/card";
import { SelectField } from "../ui/field";
import { NumberField } from "../ui/number-field";
import type { Form } from "../ui/use-form";
import { ModelField } from "./model-field";
import { t } from "./texts";
import { orNull, type ServerChoice, serverChoices } from "./values";

interface ModelCardProps {
	readonly form: Form<Agent>;
	readonly surroundings: Agents;
}

function serverText({ value, host, isMissing }: ServerChoice): string {
	if (isMissing) return t("serverMissing", { name: value });
	return value === "" ? t("serverOfSettings", { host: host ?? "" }) : `${value} (${host})`;
}

export function ModelCard({ form, surroundings }: ModelCardProps) {
	const { defaults, servers } = surroundings;
	const { key_name: server } = form.value;
	return (
		<Card title={t("model")} hint={t("modelHint")}>
			<div class="form-row">
				<SelectField
					label={t("server")}
					hint={t("serverHint")}
					value={server ?? ""}
					choices={serverChoices(servers, form.saved.key_name).map((choice) => ({
						value: choice.value,
						text: serverText(choice),
					}))}
					onValue={(name) => form.set({ key_name: orNull(name) })}
					error={form.errors.key_name}
				/>
				<ModelField form={form} surroundings={surroundings} />
			</div>
			<div class="form-row">
				<NumberField
					label={t("temperature")}
					hint={t("temperatureHint")}
					value={form.value.temperature}
					onValue={(temperature) => form.set({ temperature })}
					error={form.errors.temperature}
					placeholder={defaultOf(defaults.temperature)}
					range={[0, 2]}
					step={0.001}
				/>
				<NumberField
					label={t("maxTokens")}
					hint={t("maxTokensHint")}
					value={form.value.max_output_tokens}
					onValue={(max) => form.set({ max_output_tokens: max })}
					error={form.errors.max_output_tokens}
					placeholder={defaultOf(defaults.max_output_tokens)}
					range={[1, 10_000_000]}
				/>
			</div>
		</Card>
	);
}

const defaultOf = (value: number | null) => (value === null ? t("ofServer") : String(value));
