// Chooses the sources of an agent.

import type { Agent, Source } from "../../../workerd/api/openapi/openapi";
import { formatNumber } from "../text/texts";
import { Badge } from "../ui/badge";
import type { Form } from "../ui/use-form";
import { t } from "./texts";
import { SOURCES_MAX, withSource } from "./values";

interface SourceChoiceProps {
	readonly form: Form<Agent>;
	readonly sources: readonly Source[];
}

export function SourceChoice({ form, sources }: SourceChoiceProps) {
	// Deleted ones do not count any more.
	const chosen = form.value.sources.filter((id) => sources.some((one) => one.id === id));
	const isTooMany = chosen.length > SOURCES_MAX;
	const error =
		form.errors.sources ?? (isTooMany ? t("sourcesTooMany", { max: SOURCES_MAX }) : undefined);
	return (
		<fieldset class="field source-choice" aria-describedby={error && "source-choice-error"}>
			<legend class="field-head">
				<span class="field-label">{t("sources")}</span>
				<span class="field-aside">
					{t("sourcesChosen", {
						count: chosen.length,
						of: formatNumber(sources.length),
					})}
				</span>
			</legend>
			<ul class="source-choices">
				{sources.map((source) => (
					<li key={source.id}>
						<label class="source-option">
							<input
								type="checkbox"
								checked={chosen.includes(source.id)}
								onChange={(event) =>
									form.set({ sources: withSource(chosen, source.id, event.currentTarget.checked) })
								}
							/>
							<span class="source-option-name">{source.name}</span>
							<SourceState source={source} />
						</label>
					</li>
				))}
			</ul>
			{chosen.length === 0 && !error && <p class="field-hint">{t("sourcesNone")}</p>}
			{error && (
				<p class="field-error" id="source-choice-error">
					{error}
				</p>
			)}
		</fieldset>
	);
}

/** What the owner should know before choosing it. */
function SourceState({ source: { enabled, state } }: { readonly source: Source }) {
	if (!enabled) return <Badge>{t("sourceOff")}</Badge>;
	if (state.state === "failed" && state.pages.read === 0)
		return <Badge tone="bad">{t("sourceFailed")}</Badge>;
	if (state.state === "running" && state.pages.read === 0)
		return <Badge tone="accent">{t("sourceReading")}</Badge>;
	return <span class="quiet">{t("sourcePages", { count: state.pages.read })}</span>;
}
