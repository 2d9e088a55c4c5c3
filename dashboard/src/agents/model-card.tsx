// Which model answers, on which server, and how.

import { useEffect, useState } from "preact/hooks";
import type { Agent } from "../../../workerd/api/openapi/openapi";
import type { Agents } from "../shell/all-agents";
import { Card } from "../ui/card";
import { SwitchField, TextField } from "../ui/field";
import { NumberField } from "../ui/number-field";
import type { Form } from "../ui/use-form";
import { Fallbacks } from "./fallbacks";
import { ModelField } from "./model-field";
import { ServerField } from "./server-field";
import { t } from "./texts";
import { extraOf, orNull, textOfExtra } from "./values";

interface ModelCardProps {
	readonly form: Form<Agent>;
	readonly surroundings: Agents;
	/** What the model server has refused for this model; empty: nothing, or not known yet. */
	readonly leftOut: readonly string[];
}

export function ModelCard({ form, surroundings, leftOut }: ModelCardProps) {
	const { defaults } = surroundings;
	const { key_name: server } = form.value;
	return (
		<Card title={t("model")} hint={t("modelHint")}>
			<div class="form-row">
				<ServerField
					server={server}
					saved={form.saved.key_name}
					onServer={(name) => form.set({ key_name: name })}
					hint={t("serverHint")}
					error={form.errors.key_name}
					surroundings={surroundings}
				/>
				<ModelField
					server={server}
					model={form.value.model}
					onModel={(model) => form.set({ model })}
					error={form.errors.model}
					surroundings={surroundings}
				/>
			</div>
			{leftOut.length > 0 && (
				<p class="agent-notice" role="status">
					{t("leftOut", { parts: leftOut.join(", ") })}
				</p>
			)}
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
			<Fallbacks form={form} surroundings={surroundings} />
			<Rest form={form} />
		</Card>
	);
}

/** What few models need: opens where something of it is set or wrong, and stays so while the error is corrected. */
function Rest({ form }: { readonly form: Form<Agent> }) {
	const { reasoningEffort, extra, keepThoughts } = form.saved;
	const { errors } = form;
	const isUsed = reasoningEffort !== null || extra !== null || keepThoughts;
	const isWrong = "reasoningEffort" in errors || "extra" in errors;
	const [isOpen, setOpen] = useState(isUsed);
	useEffect(() => {
		if (isUsed || isWrong) setOpen(true);
	}, [isUsed, isWrong]);
	return (
		<details
			class="agent-rest"
			open={isOpen}
			onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
		>
			<summary>{t("modelRest")}</summary>
			<div class="agent-rest-fields">
				<TextField
					label={t("reasoningEffort")}
					hint={t("reasoningEffortHint")}
					value={form.value.reasoningEffort ?? ""}
					onValue={(effort) => form.set({ reasoningEffort: orNull(effort) })}
					error={errors.reasoningEffort}
					placeholder={t("ofServer")}
					maxLength={32}
					autocomplete="off"
					isMono
				/>
				<SwitchField
					label={t("keepThoughts")}
					hint={t("keepThoughtsHint")}
					isOn={form.value.keepThoughts}
					onValue={(isOn) => form.set({ keepThoughts: isOn })}
				/>
				<Extra form={form} />
			</div>
		</details>
	);
}

/** Keeps the JSON as it was typed. The server refuses a text that is not valid JSON, and the field shows why. */
function Extra({ form }: { readonly form: Form<Agent> }) {
	const [typed, setTyped] = useState("");
	const { extra } = form.value;
	const isTyped = JSON.stringify(extraOf(typed)) === JSON.stringify(extra);
	return (
		<TextField
			label={t("extra")}
			hint={t("extraHint")}
			value={isTyped ? typed : textOfExtra(extra)}
			onValue={(text) => {
				setTyped(text);
				form.set({ extra: extraOf(text) });
			}}
			error={form.errors.extra}
			placeholder={'{ "top_p": 0.9 }'}
			rows={3}
			isMono
		/>
	);
}

const defaultOf = (value: number | null) => (value === null ? t("ofServer") : String(value));
