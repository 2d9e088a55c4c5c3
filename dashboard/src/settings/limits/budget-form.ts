// The budgets as a form edits them: limits as texts, by the widgets' ids.

import type { Budget, Budgets } from "../../../../workerd/api/openapi/openapi";
import { formatNumber } from "../../text/texts";

export interface Limit {
	readonly day: string;
	readonly month: string;
}

/** By widget; the key ORGANIZATION has the limit of all together. */
export type Limits = Readonly<Record<string, Limit>>;

export const ORGANIZATION = "organization";
export const NO_LIMIT: Limit = { day: "", month: "" };

const textOf = (tokens: number | null | undefined): string => (tokens ? formatNumber(tokens) : "");
const limitOf = (budget: Budget | null | undefined): Limit => ({
	day: textOf(budget?.dailyTokens),
	month: textOf(budget?.monthlyTokens),
});

/** `widgets` are the ids of those that exist. */
export function limitsOf(budgets: Budgets, widgets: readonly string[]): Limits {
	const limits: Record<string, Limit> = { [ORGANIZATION]: limitOf(budgets.organization) };
	for (const id of widgets) limits[id] = limitOf(budgets.widgets?.[id]);
	return limits;
}

/** Digits, perhaps in groups; only the last group always has three of them (in India, others have two). */
const WHOLE = /^\d+$|^\d{1,3}(?:[\s.,'’_]\d{2,3})*[\s.,'’_]\d{3}$/;

/** null: no limit; NaN: not a number of tokens. Spaces and separators of thousands are allowed, decimals are not. */
export function tokensOf(text: string): number | null {
	const trimmed = text.trim();
	if (trimmed === "") return null;
	const tokens = WHOLE.test(trimmed) ? Number(trimmed.replace(/\D/g, "")) : Number.NaN;
	return tokens >= 1 && tokens <= 4_000_000_000 ? tokens : Number.NaN;
}

const budgetOf = ({ day, month }: Limit): Budget => ({
	dailyTokens: tokensOf(day),
	monthlyTokens: tokensOf(month),
});

const isLimited = ({ day, month }: Limit): boolean =>
	tokensOf(day) !== null || tokensOf(month) !== null;

/** Widgets that `limits` does not name keep what they have in `others`. */
export function budgetsOf(limits: Limits, others: Budgets): Budgets {
	const own = limits[ORGANIZATION] ?? NO_LIMIT;
	const kept = Object.entries(others.widgets ?? {})
		.filter(([id]) => limits[id] === undefined)
		.map(([id, { dailyTokens = null, monthlyTokens = null }]) => [
			id,
			{ dailyTokens, monthlyTokens },
		]);
	const widgets = Object.entries(limits)
		.filter(([id, limit]) => id !== ORGANIZATION && isLimited(limit))
		.map(([id, limit]) => [id, budgetOf(limit)]);
	return {
		organization: isLimited(own) ? budgetOf(own) : null,
		widgets: Object.fromEntries([...kept, ...widgets]),
	};
}

/** The fields that are no numbers, as "id.day" and "id.month". */
export function invalidLimits(limits: Limits): readonly string[] {
	return Object.entries(limits).flatMap(([id, limit]) =>
		(["day", "month"] as const)
			.filter((period) => Number.isNaN(tokensOf(limit[period])))
			.map((period) => `${id}.${period}`),
	);
}
