// What the agent's replies are based on, and what it does if that has no answer.

import type { Agent } from "../../../workerd/api/openapi/openapi";
import { knowledgePath } from "../paths";
import { useSources } from "../shell/all-sources";
import { Card } from "../ui/card";
import { Segments, SelectField } from "../ui/field";
import { Skeleton } from "../ui/skeleton";
import { TroubleLine } from "../ui/trouble";
import type { Form } from "../ui/use-form";
import { LongText } from "./long-text";
import { SourceChoice } from "./source-choice";
import { t } from "./texts";

const EXTENTS = ["none", "all", "some"] as const;
const NOT_FOUND = ["say", "general", "fixed"] as const;

export function KnowledgeCard({ form }: { readonly form: Form<Agent> }) {
	const { knowledge, notFound } = form.value;
	return (
		<Card title={t("knowledge")} hint={t("knowledgeHint")}>
			<div class="field">
				<Segments
					label={t("knowledge")}
					value={knowledge}
					choices={EXTENTS.map((value) => ({ value, text: t(`knowledge_${value}`) }))}
					onValue={(value) => form.set({ knowledge: value })}
				/>
				<p class="field-hint">{t(`knowledgeHint_${knowledge}`)}</p>
				{form.errors.knowledge && <p class="field-error">{form.errors.knowledge}</p>}
			</div>
			{knowledge !== "none" && (
				<>
					<Sources form={form} />
					<SelectField
						label={t("notFound")}
						hint={t(`notFoundHint_${notFound}`)}
						value={notFound}
						choices={NOT_FOUND.map((value) => ({ value, text: t(`notFound_${value}`) }))}
						onValue={(value) => form.set({ notFound: value })}
						error={form.errors.notFound}
					/>
					{notFound === "fixed" && (
						<LongText form={form} name="notFoundText" placeholder={t("notFoundTextDefault")} />
					)}
				</>
			)}
		</Card>
	);
}

/** Without sources, there is nothing to choose from; answers of the team count all the same. */
function Sources({ form }: { readonly form: Form<Agent> }) {
	const { data, error, refresh } = useSources();
	if (!data)
		return error ? (
			<TroubleLine error={error} retry={refresh} />
		) : (
			<Skeleton rows={2} kind="form" />
		);
	if (data.length === 0)
		return (
			<p class="agent-notice">
				{t("noSources")} <a href={knowledgePath}>{t("noSourcesLink")}</a>
			</p>
		);
	return form.value.knowledge === "some" ? <SourceChoice form={form} sources={data} /> : null;
}
