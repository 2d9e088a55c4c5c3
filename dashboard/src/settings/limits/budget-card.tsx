// The budgets of the organization and of each widget, with what is spent of them.

import type { Budget, Budgets, Widget } from "../../../../workerd/api/openapi/openapi";
import { useDesk } from "../../api/desk";
import { ApiError } from "../../api/errors";
import { ifUnchanged } from "../../api/unchanged";
import { toast } from "../../shell/toasts";
import { t as common } from "../../text/common";
import { formatNumber } from "../../text/texts";
import { widgetName } from "../../text/widget-name";
import { Card } from "../../ui/card";
import { RecordForm } from "../../ui/record-form";
import { useForm } from "../../ui/use-form";
import { t } from "../texts";
import {
	budgetsOf,
	invalidLimits,
	type Limit,
	type Limits,
	limitsOf,
	NO_LIMIT,
	ORGANIZATION,
	tokensOf,
} from "./budget-form";

interface BudgetCardProps {
	readonly budgets: Budgets;
	readonly widgets: readonly Widget[];
	readonly onSaved: (budgets: Budgets) => void;
}

/** Other limits are another version. */
const answerOf = (limits: Limits) => ({ data: limits, etag: JSON.stringify(limits) });

export function BudgetCard({ budgets, widgets, onSaved }: BudgetCardProps) {
	const { api } = useDesk();
	const ids = widgets.map(({ id }) => id);
	const shown = limitsOf(budgets, ids);
	const form = useForm<Limits>({
		initial: answerOf(shown),
		draft: "budgets-form",
		async send(_, all, __, seen) {
			// Widgets come and go while somebody edits: those that exist, and that the form knows.
			const known = ids.filter((id) => all[id] !== undefined);
			const named = [ORGANIZATION, ...known];
			const pick = (limits: Limits): Limits =>
				Object.fromEntries(named.map((id) => [id, limits[id] ?? NO_LIMIT]));
			const value = pick(all);
			const invalid = invalidLimits(value);
			if (invalid.length > 0)
				throw new ApiError("refused", 422, "", {
					fields: Object.fromEntries(invalid.map((name) => [name, t("budgetInvalid")])),
				});
			let result: Budgets = budgets;
			const { data } = await ifUnchanged(
				pick({ ...shown, ...seen }),
				async () => {
					result = await api.get("/v1/admin/budgets");
					return limitsOf(result, known);
				},
				async () => {
					result = await api.put("/v1/admin/budgets", { body: budgetsOf(value, result) });
					return limitsOf(result, known);
				},
			);
			onSaved(result);
			toast({ text: common("saved") });
			return answerOf(data);
		},
	});
	const rowFor = (id: string, name: string, budget: Budget | null | undefined) => (
		<BudgetRow
			key={id}
			id={id}
			name={name}
			budget={budget}
			limit={form.value[id] ?? shown[id] ?? NO_LIMIT}
			errors={form.errors}
			onValue={(limit) => form.set({ [id]: limit })}
		/>
	);
	return (
		<Card title={t("budgets")} hint={t("budgetsHint")}>
			<RecordForm form={form}>
				<div class="budgets">
					{rowFor(ORGANIZATION, t("budgetAll"), budgets.organization)}
					{widgets.map((one) => rowFor(one.id, widgetName(one), budgets.widgets?.[one.id]))}
				</div>
			</RecordForm>
		</Card>
	);
}

interface BudgetRowProps {
	readonly id: string;
	readonly name: string;
	readonly budget: Budget | null | undefined;
	readonly limit: Limit;
	readonly errors: Readonly<Record<string, string>>;
	readonly onValue: (limit: Limit) => void;
}

function BudgetRow({ id, name, budget, limit, errors, onValue }: BudgetRowProps) {
	return (
		<fieldset class="budget">
			<legend class="budget-name">{name}</legend>
			<Tokens
				label={t("budgetDay")}
				error={errors[`${id}.day`] ?? ""}
				used={budget?.today}
				limit={budget?.dailyTokens}
				value={limit.day}
				onValue={(day) => onValue({ ...limit, day })}
			/>
			<Tokens
				label={t("budgetMonth")}
				error={errors[`${id}.month`] ?? ""}
				used={budget?.thisMonth}
				limit={budget?.monthlyTokens}
				value={limit.month}
				onValue={(month) => onValue({ ...limit, month })}
			/>
		</fieldset>
	);
}

interface TokensProps {
	readonly label: string;
	readonly error: string;
	readonly used: number | undefined;
	readonly limit: number | null | undefined;
	readonly value: string;
	readonly onValue: (value: string) => void;
}

/** A limit, and below it what is spent. */
function Tokens({ label, error, used, limit, value, onValue }: TokensProps) {
	const tokens = tokensOf(value);
	return (
		<div class="field">
			<label class="budget-field">
				<span class="quiet">{label}</span>
				<input
					class="input numeric"
					type="text"
					inputMode="numeric"
					placeholder={t("unlimited")}
					aria-invalid={error !== ""}
					value={value}
					onInput={(event) => onValue(event.currentTarget.value)}
					onBlur={() => tokens !== null && !Number.isNaN(tokens) && onValue(formatNumber(tokens))}
				/>
			</label>
			{used !== undefined && (
				<p class="field-hint">
					{limit
						? t("budgetUsedOf", { used, limit: formatNumber(limit) })
						: t("budgetUsed", { used })}
				</p>
			)}
			{used !== undefined && limit ? (
				<meter
					class={used >= limit ? "budget-meter budget-spent" : "budget-meter"}
					aria-label={label}
					min={0}
					max={limit}
					value={Math.min(used, limit)}
				/>
			) : null}
			{error && <p class="field-error">{error}</p>}
		</div>
	);
}
