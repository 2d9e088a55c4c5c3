// The name of the model: free text, with what the server lists as suggestions.

import { useId } from "preact/hooks";
import { CALM_MS, useLater } from "../hooks/use-later";
import type { Agents } from "../shell/all-agents";
import { describe } from "../text/describe";
import { Field } from "../ui/field";
import { t } from "./texts";
import { type Models, useModels } from "./use-models";
import { knownModels, orNull } from "./values";

interface ModelFieldProps {
	/** Its name in the settings; null: the default one. */
	readonly server: string | null;
	/** Null: that of the settings. */
	readonly model: string | null;
	readonly onModel: (model: string | null) => void;
	readonly error: string | undefined;
	readonly surroundings: Agents;
}

export function ModelField({ server, model, onModel, error, surroundings }: ModelFieldProps) {
	const { agents, defaults } = surroundings;
	const list = useId();
	const models = useModels(server);
	const suggested = models.names ?? knownModels(agents, defaults, server);
	// It is spoken, and must not be at each key.
	const hint = useLater(hintOf(models, model ?? defaults.model), CALM_MS);
	return (
		<Field label={t("modelName")} hint={<span aria-live="polite">{hint}</span>} error={error}>
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
						onInput={(event) => onModel(orNull(event.currentTarget.value))}
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
