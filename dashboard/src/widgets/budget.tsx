// What the widget may spend in tokens, for owners. The server has all budgets in one record.

import type { Budget, Budgets } from "../../../workerd/api/openapi/openapi";
import { useDesk } from "../api/desk";
import { ifUnchanged } from "../api/unchanged";
import { useBudgets } from "../shell/budgets";
import { toast } from "../shell/toasts";
import { formatNumber } from "../text/texts";
import { Card } from "../ui/card";
import { NumberField } from "../ui/number-field";
import { RecordForm } from "../ui/record-form";
import { Skeleton } from "../ui/skeleton";
import { TroubleLine, TroubleScreen } from "../ui/trouble";
import { useForm } from "../ui/use-form";
import { t } from "./texts";

/** As the server. */
const RANGE = [1, 4_000_000_000] as const;

interface Limits {
	readonly dailyTokens: number | null;
	readonly monthlyTokens: number | null;
}

const limitsOf = (budget: Budget | undefined): Limits => ({
	dailyTokens: budget?.dailyTokens ?? null,
	monthlyTokens: budget?.monthlyTokens ?? null,
});

/** Other limits are another version. */
const answerOf = (limits: Limits) => ({ data: limits, etag: JSON.stringify(limits) });

export function WidgetBudget({ widgetId }: { readonly widgetId: string }) {
	const { data, error, refresh, set } = useBudgets();
	if (error?.status === 403) return null;
	return (
		<Card title={t("budget")} hint={t("budgetHint")}>
			{error && data && <TroubleLine error={error} retry={refresh} />}
			{error && !data && <TroubleScreen error={error} retry={refresh} />}
			{!data && !error && <Skeleton rows={2} kind="form" />}
			{data && (
				<BudgetForm
					key={widgetId}
					widgetId={widgetId}
					budget={data.widgets?.[widgetId]}
					onSaved={set}
				/>
			)}
		</Card>
	);
}

/** The name of its unsaved changes. */
export const budgetDraft = (widgetId: string) => `widget-budget:${widgetId}`;

interface BudgetFormProps {
	readonly widgetId: string;
	readonly budget: Budget | undefined;
	readonly onSaved: (budgets: Budgets) => void;
}

function BudgetForm({ widgetId, budget, onSaved }: BudgetFormProps) {
	const { api } = useDesk();
	const form = useForm<Limits>({
		initial: answerOf(limitsOf(budget)),
		draft: budgetDraft(widgetId),
		async send(_, value, __, seen) {
			let all: Budgets = {};
			const { data } = await ifUnchanged(
				seen,
				async () => {
					all = await api.get("/v1/admin/budgets");
					return limitsOf(all.widgets?.[widgetId]);
				},
				async () => {
					// A change replaces all budgets: begin with those of now.
					const { organization = null, widgets = {} } = all;
					const { [widgetId]: _old, ...others } = widgets;
					const isSet = value.dailyTokens !== null || value.monthlyTokens !== null;
					const body = { organization, widgets: isSet ? { ...others, [widgetId]: value } : others };
					all = await api.put("/v1/admin/budgets", { body });
					return limitsOf(all.widgets?.[widgetId]);
				},
			);
			onSaved(all);
			toast({ text: t("budgetSaved") });
			return answerOf(data);
		},
	});
	const { dailyTokens, monthlyTokens } = form.value;
	/** The server names them within all budgets. */
	const errorOf = (name: keyof Limits) =>
		Object.entries(form.errors).find(([path]) => path.endsWith(name))?.[1];
	return (
		<RecordForm form={form} action={t("saveBudget")}>
			<div class="form-row">
				<NumberField
					label={t("budgetDay")}
					placeholder={t("unlimited")}
					hint={budget && t("spentToday", { tokens: formatNumber(budget.today ?? 0) })}
					range={RANGE}
					value={dailyTokens}
					error={errorOf("dailyTokens")}
					onValue={(next) => form.set({ dailyTokens: next })}
				/>
				<NumberField
					label={t("budgetMonth")}
					placeholder={t("unlimited")}
					hint={budget && t("spentMonth", { tokens: formatNumber(budget.thisMonth ?? 0) })}
					range={RANGE}
					value={monthlyTokens}
					error={errorOf("monthlyTokens")}
					onValue={(next) => form.set({ monthlyTokens: next })}
				/>
			</div>
			{budget?.dailyTokens ? (
				<meter
					class="meter"
					aria-label={t("spentToday", { tokens: formatNumber(budget.today ?? 0) })}
					max={budget.dailyTokens}
					value={Math.min(budget.today ?? 0, budget.dailyTokens)}
				/>
			) : null}
		</RecordForm>
	);
}
