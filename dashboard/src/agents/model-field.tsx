// The name of the model: free text, with what the server lists as suggestions.

import { useId } from "preact/hooks";
import type { Agent } from "../../../workerd/api/openapi/openapi";
import { CALM_MS, useLater } from "../hooks/use-later";
import type { Agents } from "../shell/all-agents";
import { describe } from "../text/describe";
import { Field } from "../ui/field";
import type { Form } from "../ui/use-form";
import { t } from "./texts";
import { type Models, useModels } from "./use-models";
import { knownModels, orNull } from "./values";

interface ModelFieldProps {
	readonly form: Form<Agent>;
	readonly surroundings: Agents;
}

export function ModelField({ form, surroundings: { agents, defaults } }: ModelFieldProps) {
	const list = useId();
	const { key_name: server, model } = form.value;
	const models = useModels(server);
	const suggested = models.names ?? knownModels(agents, defaults, server);
	// It is spoken, and must not be at each key.
	const hint = useLater(hintOf(models, model ?? defaults.model), CALM_MS);
	return (
		<Field
			label={t("modelName")}
			hint={<span aria-live="polite">{hint}</span>}
			error={form.errors.model}
		>
			{(control) => (
				<>
					<input
						{...control}
						class="input mono"
						value={model ?? ""}
						placeholder={defaults.model}
						list={list}
						maxLength={256}
						autocomplete="off"
						spellcheck={false}
						onInput={(event) => form.set({ model: orNull(event.currentTarget.value) })}
					/>
					<datalist id={list}>
						{suggested.map((name) => (
							<option key={name} value={name} />
						))}
					</datalist>
				</>
			)}
		</Field>
	);
}

function hintOf({ names, error }: Models, model: string): string {
	if (names) {
		if (names.length === 0) return t("modelNameHint");
		return names.includes(model)
			? t("modelsListed", { count: names.length })
			: t("modelNotListed", { model });
	}
	switch (error?.code) {
		case undefined:
		// The settings have no such server: the field of the server says so.
		case "not_found":
			return t("modelNameHint");
		case "model_unreachable":
			return t("failedUnavailable");
		case "model_key_refused":
			return t("modelsKeyRefused");
		case "model_failed":
			return t("modelsNone");
		case "model_timeout":
			return t("failedTimeout");
		default:
			return error ? describe(error) : "";
	}
}
