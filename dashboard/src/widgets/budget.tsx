// What the widget may spend in tokens, for owners. The server has all budgets in one record.

import { useEffect, useState } from "preact/hooks";
import type { Budget } from "../../../workerd/api/openapi/openapi";
import { useData, useDesk } from "../api/desk";
import { ApiError } from "../api/errors";
import { toast } from "../shell/toasts";
import { t as common } from "../text/common";
import { describe } from "../text/describe";
import { formatNumber } from "../text/texts";
import { Button } from "../ui/button";
import { Card } from "../ui/card";
import { LeaveGuard } from "../ui/leave-guard";
import { Skeleton } from "../ui/skeleton";
import { TroubleLine } from "../ui/trouble";
import { NumberField } from "./number-field";
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

export function WidgetBudget({ widgetId }: { readonly widgetId: string }) {
	const { api } = useDesk();
	const { data, error, refresh, set } = useData("widgets/budgets", (client) => ({
		load: (signal) => client.read("/v1/admin/budgets", { signal }),
		kinds: ["budget", "reply"],
	}));
	const budget = data?.widgets?.[widgetId];
	const saved = limitsOf(budget);
	const [limits, setLimits] = useState<Limits | null>(null);
	const [isSaving, setSaving] = useState(false);
	const [problem, setProblem] = useState("");
	const shown = limits ?? saved;
	const isChanged = limits !== null && JSON.stringify(limits) !== JSON.stringify(saved);
	useEffect(() => setLimits(null), [widgetId]);

	async function save() {
		setSaving(true);
		setProblem("");
		try {
			// A change replaces all budgets: begin with those of now.
			const { organization = null, widgets = {} } = await api.get("/v1/admin/budgets");
			const { [widgetId]: _, ...others } = widgets;
			const isSet = shown.dailyTokens !== null || shown.monthlyTokens !== null;
			const body = { organization, widgets: isSet ? { ...others, [widgetId]: shown } : others };
			set(await api.put("/v1/admin/budgets", { body }));
			// What was typed meanwhile is not saved yet.
			setLimits((now) => (now === limits ? null : now));
			toast({ text: t("budgetSaved") });
		} catch (reason) {
			const failure = ApiError.from(reason);
			setProblem(Object.values(failure.fields)[0] ?? describe(failure));
		} finally {
			setSaving(false);
		}
	}

	if (error?.status === 403) return null;
	return (
		<Card title={t("budget")} hint={t("budgetHint")}>
			{error && <TroubleLine error={error} retry={refresh} />}
			{!data && !error && <Skeleton rows={2} kind="form" />}
			{data && (
				<form
					class="form"
					onSubmit={(event) => {
						event.preventDefault();
						void save();
					}}
				>
					<div class="form-row">
						<NumberField
							label={t("budgetDay")}
							placeholder={t("unlimited")}
							hint={budget && t("spentToday", { tokens: formatNumber(budget.today ?? 0) })}
							range={RANGE}
							value={shown.dailyTokens}
							onValue={(dailyTokens) => setLimits({ ...shown, dailyTokens })}
						/>
						<NumberField
							label={t("budgetMonth")}
							placeholder={t("unlimited")}
							hint={budget && t("spentMonth", { tokens: formatNumber(budget.thisMonth ?? 0) })}
							range={RANGE}
							value={shown.monthlyTokens}
							onValue={(monthlyTokens) => setLimits({ ...shown, monthlyTokens })}
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
					<p class="field-error" role="alert">
						{problem}
					</p>
					<div class="budget-actions">
						{isChanged && <LeaveGuard />}
						<Button type="submit" isBusy={isSaving} disabled={!isChanged}>
							{isSaving ? common("saving") : t("saveBudget")}
						</Button>
					</div>
				</form>
			)}
		</Card>
	);
}
