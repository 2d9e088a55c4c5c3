// The servers and models that are asked next, if one fails before its first word.

import type { Agent } from "../../../workerd/api/openapi/openapi";
import type { Agents } from "../shell/all-agents";
import { Button } from "../ui/button";
import type { Form } from "../ui/use-form";
import { ModelField } from "./model-field";
import { ServerField } from "./server-field";
import { t } from "./texts";
import { FALLBACKS_MAX } from "./values";

interface FallbacksProps {
	readonly form: Form<Agent>;
	readonly surroundings: Agents;
}

export function Fallbacks({ form, surroundings }: FallbacksProps) {
	const { fallbacks } = form.value;
	const { errors } = form;
	const error = errors.fallbacks ?? Object.entries(errors).find(([name]) => isOfList(name))?.[1];
	return (
		<fieldset class="agent-fallbacks">
			<legend class="field-label">{t("fallbacks")}</legend>
			<p class="field-hint">{t("fallbacksHint")}</p>
			{fallbacks.map((one, i) => {
				const server = one.key_name ?? null;
				const set = (change: Partial<typeof one>) =>
					form.set({
						fallbacks: fallbacks.map((old, k) => (k === i ? { ...old, ...change } : old)),
					});
				return (
					<div class="agent-fallback" key={i}>
						<div class="form-row">
							<ServerField
								server={server}
								saved={server}
								onServer={(key_name) => set({ key_name })}
								error={undefined}
								surroundings={surroundings}
							/>
							<ModelField
								server={server}
								model={one.model ?? null}
								onModel={(model) => set({ model })}
								error={undefined}
								surroundings={surroundings}
							/>
						</div>
						<Button
							isSmall
							kind="quiet"
							icon="close"
							aria-label={t("fallbackRemove", { n: i + 1 })}
							onClick={() => form.set({ fallbacks: fallbacks.filter((_, k) => k !== i) })}
						/>
					</div>
				);
			})}
			{error && <p class="field-error">{error}</p>}
			{fallbacks.length < FALLBACKS_MAX && (
				<Button
					isSmall
					icon="plus"
					onClick={() => form.set({ fallbacks: [...fallbacks, { key_name: null, model: null }] })}
				>
					{t("fallbackAdd")}
				</Button>
			)}
		</fieldset>
	);
}

const isOfList = (name: string) => name.startsWith("fallbacks.");
