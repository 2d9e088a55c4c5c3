// What the tokens cost: those of each model, which the server counts, at its price.

import type { NumberRow, Prices } from "../../../workerd/api/openapi/openapi";

export type ModelTokens = NumberRow["models"][number];
type Tokens = Pick<ModelTokens, "tokensIn" | "tokensOut">;
const MILLION = 1_000_000;

/** null: the model has no price, or is unknown. */
export function costOf({ model, tokensIn, tokensOut }: ModelTokens, prices: Prices): number | null {
	const price = Object.entries(prices.models).find(([name]) => name === model)?.[1];
	if (!price) return null;
	return (tokensIn * price.inputPerMillion + tokensOut * price.outputPerMillion) / MILLION;
}

export interface Cost {
	/** In the currency of the prices; null: nothing has a price. */
	readonly total: number | null;
	/** Tokens that are not in it, because their model has no price. */
	readonly unpriced: number;
}

export function totalCost(models: readonly ModelTokens[], prices: Prices): Cost {
	let total: number | null = null;
	let unpriced = 0;
	for (const one of models) {
		const cost = costOf(one, prices);
		if (cost === null) unpriced += one.tokensIn + one.tokensOut;
		else total = (total ?? 0) + cost;
	}
	return { total, unpriced };
}

const sumOf = ({ tokensIn, tokensOut }: Tokens): number => tokensIn + tokensOut;

/** The models of several rows together, those with the most tokens first. */
export function modelsOf(rows: ReadonlyArray<Pick<NumberRow, "models">>): readonly ModelTokens[] {
	const sums = new Map<string | null, ModelTokens>();
	for (const { model, tokensIn, tokensOut } of rows.flatMap(({ models }) => models)) {
		const sum = sums.get(model);
		sums.set(model, {
			model,
			tokensIn: (sum?.tokensIn ?? 0) + tokensIn,
			tokensOut: (sum?.tokensOut ?? 0) + tokensOut,
		});
	}
	return [...sums.values()].sort((a, b) => sumOf(b) - sumOf(a));
}
