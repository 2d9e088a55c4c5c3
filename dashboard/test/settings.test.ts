import assert from "node:assert/strict";
import { test } from "node:test";
import { ifUnchanged } from "../src/api/unchanged";
import {
	budgetsOf,
	invalidLimits,
	limitsOf,
	ORGANIZATION,
	tokensOf,
} from "../src/settings/limits/budget-form";
import { invalidPrices, priceForm, priceOf, pricesOf } from "../src/settings/prices/price-rows";
import { isFound } from "../src/settings/server/effective-settings";

test("budgets survive the form, and those without a limit are left out", () => {
	const budgets = {
		organization: { dailyTokens: 2_000_000, monthlyTokens: null },
		widgets: { a: { dailyTokens: null, monthlyTokens: 5 } },
	};
	const limits = limitsOf(budgets, ["a", "b"]);
	assert.deepEqual(limits.b, { day: "", month: "" });
	assert.deepEqual(budgetsOf(limits, {}), budgets);
	// A widget that came while the form was open keeps its budget.
	const other = { dailyTokens: 7, monthlyTokens: null };
	const { widgets } = budgetsOf(limits, { widgets: { new: { ...other, today: 1 } } });
	assert.deepEqual(widgets, { ...budgets.widgets, new: other });
	assert.deepEqual(budgetsOf({ [ORGANIZATION]: { day: "", month: " " } }, {}), {
		organization: null,
		widgets: {},
	});
});

test("tokens may have separators of thousands, and must be a number in range", () => {
	assert.equal(tokensOf("2,000,000"), 2_000_000);
	assert.equal(tokensOf("2.000 000"), 2_000_000);
	assert.equal(tokensOf("  "), null);
	for (const text of [
		"0",
		"-1",
		"1.5",
		"1,50",
		"1.5000",
		"1..000",
		"1e6",
		"x",
		"4000000001",
		"99999999999",
	])
		assert.ok(Number.isNaN(tokensOf(text)), text);
	assert.deepEqual(invalidLimits({ a: { day: "x", month: "1" }, b: { day: "", month: "-1" } }), [
		"a.day",
		"b.month",
	]);
});

test("prices survive the form, sorted by model", () => {
	const prices = {
		currency: "EUR",
		models: {
			b: { inputPerMillion: 0.000001, outputPerMillion: 1.6 },
			a: { inputPerMillion: 0, outputPerMillion: 1_000_000 },
		},
	};
	const form = priceForm(prices);
	assert.deepEqual(
		form.rows.map(({ model }) => model),
		["a", "b"],
	);
	assert.equal(form.rows[1]?.input, "0.000001");
	assert.deepEqual(pricesOf(form), prices);
});

test("a price has at most six decimals, a model one price, and a currency three letters", () => {
	assert.equal(priceOf("0,4"), 0.4);
	for (const text of ["", "-1", "1.1234567", "1e3", "1000000.1"])
		assert.ok(Number.isNaN(priceOf(text)), text);
	const row = (model: string, input = "1", output = "1") => ({ model, input, output });
	assert.deepEqual(invalidPrices({ currency: "EU", rows: [row("a"), row(" a "), row("")] }), [
		"currency",
		"rows.1.model",
		"rows.2.model",
	]);
	assert.deepEqual(invalidPrices({ currency: "eur", rows: [row("a", "", "x")] }), [
		"rows.0.input",
		"rows.0.output",
	]);
});

test("a setting is found by words of its name, help and value", () => {
	const setting = {
		name: "OPENAI_MODEL",
		help: "the model",
		value: "gpt-4.1-mini",
		default: null,
		secret: false,
		set: false,
	};
	for (const words of ["", "openai", "model MINI", "the"])
		assert.ok(isFound(setting, words), words);
	assert.equal(isFound(setting, "openai port"), false);
});

test("a record that somebody else has changed is not written", async () => {
	let written = 0;
	const write = async () => ++written;
	await assert.rejects(
		ifUnchanged(1, async () => 2, write),
		({ isConflict, current }: { isConflict: boolean; current: unknown }) =>
			isConflict && current === 2,
	);
	assert.equal(written, 0);
	assert.equal((await ifUnchanged(1, async () => 1, write)).data, 1);
});
