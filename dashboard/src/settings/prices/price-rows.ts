// The prices as a form edits them: rows with texts, in the order of the models' names.

import type { Prices, PricesRequest } from "../../../../workerd/api/openapi/openapi";

export interface PriceRow {
	readonly model: string;
	readonly input: string;
	readonly output: string;
}

export interface PriceForm {
	readonly currency: string;
	readonly rows: readonly PriceRow[];
}

const PRICE_MAX = 1_000_000;

export function priceForm({ models, currency }: Prices): PriceForm {
	return {
		currency: currency ?? "",
		rows: Object.entries(models)
			.map(([model, price]) => ({
				model,
				input: String(price.inputPerMillion),
				output: String(price.outputPerMillion),
			}))
			.sort((a, b) => a.model.localeCompare(b.model)),
	};
}

/** A price with at most six decimals; a comma counts as a point. NaN: it is none. */
export function priceOf(text: string): number {
	const plain = text.trim().replace(",", ".");
	const price = /^\d{1,7}(\.\d{1,6})?$/.test(plain) ? Number(plain) : Number.NaN;
	return price <= PRICE_MAX ? price : Number.NaN;
}

/** What is wrong with the fields: "rows.3.model" is that of the fourth row. */
export function invalidPrices({ currency, rows }: PriceForm): readonly string[] {
	const names = rows.map(({ model }) => model.trim());
	const wrong = rows.flatMap((row, i) => [
		...(names[i] === "" || names.indexOf(names[i] ?? "") !== i ? [`rows.${i}.model`] : []),
		...(Number.isNaN(priceOf(row.input)) ? [`rows.${i}.input`] : []),
		...(Number.isNaN(priceOf(row.output)) ? [`rows.${i}.output`] : []),
	]);
	return /^[A-Z]{3}$/.test(currency.trim().toUpperCase()) ? wrong : ["currency", ...wrong];
}

export function pricesOf({ currency, rows }: PriceForm): PricesRequest {
	return {
		currency: currency.trim().toUpperCase(),
		models: Object.fromEntries(
			rows.map(({ model, input, output }) => [
				model.trim(),
				{ inputPerMillion: priceOf(input), outputPerMillion: priceOf(output) },
			]),
		),
	};
}
