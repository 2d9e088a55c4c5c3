import assert from "node:assert/strict";
import { test } from "node:test";
import { alone, stacked, stepOf } from "../src/numbers/charts/plot";
import { changeOf, shareOf } from "../src/numbers/compare";
import { costOf, modelsOf, totalCost } from "../src/numbers/cost";
import { csvCell, csvOf, numbersCsv } from "../src/numbers/csv";
import { heatOf, levelOf } from "../src/numbers/hours";
import {
	choiceOf,
	daysOf,
	lastDays,
	lengthOf,
	periodBetween,
	previousOf,
	queryOf,
} from "../src/numbers/periods";
import { byDay, grouped, NOTHING, percentilesOf, type Row, sumOf } from "../src/numbers/rows";

const TODAY = "2026-03-02";
const NO_TIME = { p50: null, p95: null };
const row = (part: Partial<Row>): Row => ({
	...NOTHING,
	firstToken: NO_TIME,
	totalTime: NO_TIME,
	...part,
});

test("a period of the last days includes today, and the one before ends the day before", () => {
	const week = lastDays(7, TODAY);
	assert.deepEqual(week, { from: "2026-02-24", to: TODAY });
	assert.deepEqual(previousOf(week), { from: "2026-02-17", to: "2026-02-23" });
	assert.deepEqual(daysOf({ from: "2024-02-28", to: "2024-03-01" }), [
		"2024-02-28",
		"2024-02-29",
		"2024-03-01",
	]);
	assert.equal(lengthOf(previousOf(lastDays(365, TODAY))), 365);
});

test("the address selects the period; what it cannot mean is ignored", () => {
	const days = (query: Record<string, string>) => choiceOf(query, TODAY).period;
	assert.deepEqual(days({}), lastDays(30, TODAY));
	assert.deepEqual(days({ days: "90" }), lastDays(90, TODAY));
	assert.deepEqual(days({ days: "12" }), lastDays(30, TODAY));
	const custom = choiceOf({ from: "2026-01-01", to: "2026-01-31" }, TODAY);
	assert.equal(custom.preset, "custom");
	assert.equal(queryOf(custom), "?from=2026-01-01&to=2026-01-31");
	assert.equal(queryOf(choiceOf({}, TODAY)), "?days=30");
});

test("a period of one's own has two days in order, none in the future, and not too many", () => {
	assert.ok(periodBetween(TODAY, TODAY, TODAY));
	for (const [from, to] of [
		["2026-02-30", TODAY],
		["2026-03-02", "2026-03-01"],
		["2026-03-01", "2026-03-03"],
		["2020-01-01", TODAY],
		["today", TODAY],
		[undefined, TODAY],
	])
		assert.equal(periodBetween(from, to, TODAY), null, `${from} ${to}`);
});

test("days without anything counted are rows of nothing", () => {
	const known = row({ day: "2026-03-01", conversations: 3 });
	const rows = byDay([known], lastDays(3, TODAY));
	assert.deepEqual(
		rows.map(({ day, conversations }) => [day, conversations]),
		[
			["2026-02-28", 0],
			["2026-03-01", 3],
			["2026-03-02", 0],
		],
	);
});

test("rows add up, and percentiles are weighted by replies", () => {
	const replies = (complete: number) => ({ complete, stopped: 0, interrupted: 0, failed: 1 });
	const a = row({ messages: 2, replies: replies(9), firstToken: { p50: 100, p95: 1000 } });
	const b = row({ messages: 3, replies: replies(29), firstToken: { p50: 200, p95: null } });
	const sum = sumOf([a, b]);
	assert.deepEqual([sum.messages, sum.replies.complete, sum.replies.failed], [5, 38, 2]);
	assert.deepEqual(percentilesOf([a, b]), { p50: 175, p95: 1000 });
	assert.deepEqual(percentilesOf([a]), { p50: 100, p95: 1000 });
	assert.deepEqual(percentilesOf([]), NO_TIME);
});

test("many days are shown by week, which end with the last day", () => {
	const year = byDay(
		[row({ day: "2025-03-03", messages: 1 }), row({ day: TODAY, messages: 2 })],
		lastDays(365, TODAY),
	);
	const weeks = grouped(year);
	assert.equal(weeks.length, 53);
	assert.deepEqual([weeks[0]?.day, weeks[0]?.messages], ["2025-03-03", 1]);
	assert.equal(weeks[1]?.day, "2025-03-04");
	assert.deepEqual([weeks[52]?.day, weeks[52]?.messages], ["2026-02-24", 2]);
	assert.equal(stepOf(weeks.map(({ day }) => day ?? "")), 7);
	const month = byDay([], lastDays(30, TODAY));
	assert.equal(grouped(month), month);
	assert.equal(stepOf(month.map(({ day }) => day ?? "")), 1);
	assert.equal(stepOf([TODAY]), 1);
});

test("a comparison needs something to compare with", () => {
	assert.equal(changeOf(15, 10), 50);
	assert.equal(changeOf(5, 10), -50);
	assert.equal(changeOf(0, 10), -100);
	assert.equal(changeOf(10, 0), null);
	assert.equal(changeOf(null, 10), null);
	assert.equal(changeOf(10, null), null);
	assert.equal(shareOf(1, 4), 25);
	assert.equal(shareOf(0, 0), null);
});

test("tokens cost what the model that wrote the reply costs; others are said to be missing", () => {
	const prices = {
		currency: "EUR",
		models: {
			small: { inputPerMillion: 1, outputPerMillion: 2 },
			large: { inputPerMillion: 10, outputPerMillion: 20 },
		},
	};
	const tokens = (model: string | null) => ({ model, tokensIn: 1_000_000, tokensOut: 500_000 });
	assert.equal(costOf(tokens("large"), prices), 20);
	for (const model of [null, "other", "constructor"])
		assert.equal(costOf(tokens(model), prices), null);
	const models = ["small", "large", "other", null].map(tokens);
	assert.deepEqual(totalCost(models, prices), { total: 22, unpriced: 3_000_000 });
	assert.deepEqual(totalCost(models.slice(2), prices).total, null);
	assert.deepEqual(totalCost([], prices), { total: null, unpriced: 0 });
});

test("the models of several days are added up, those with the most tokens first", () => {
	const tokens = (model: string | null, tokensIn: number) => ({ model, tokensIn, tokensOut: 1 });
	const days = [
		row({ models: [tokens("small", 5), tokens(null, 1)] }),
		row({ models: [] }),
		row({ models: [tokens("large", 7), tokens("small", 4)] }),
	];
	const sums = [
		{ model: "small", tokensIn: 9, tokensOut: 2 },
		{ model: "large", tokensIn: 7, tokensOut: 1 },
		{ model: null, tokensIn: 1, tokensOut: 1 },
	];
	assert.deepEqual(modelsOf(days), sums);
	assert.deepEqual(sumOf(days).models, sums);
});

test("a cell of a CSV file is quoted when needed, and never a formula", () => {
	assert.equal(csvCell("plain"), "plain");
	assert.equal(csvCell('a "b", c'), '"a ""b"", c"');
	assert.equal(csvCell("two\nlines"), '"two\nlines"');
	for (const text of ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
		assert.equal(csvCell(text).replace(/^"/, "").charAt(0), "'", JSON.stringify(text));
	assert.equal(csvCell('=HYPERLINK("http://x","y")'), `"'=HYPERLINK(""http://x"",""y"")"`);
	assert.equal(csvCell(-1), "-1");
	assert.equal(csvCell(null), "");
	assert.equal(csvOf(["a", "b"], [[1, null]]), "a,b\r\n1,\r\n");
});

test("a CSV file has a line for each row, all with the same columns", () => {
	const rows = [row({ day: TODAY, conversations: 3, firstToken: { p50: 7, p95: null } })];
	const [head, line, end] = numbersCsv(["day"], rows, ({ day }) => [day ?? ""]).split("\r\n");
	const names = head?.split(",") ?? [];
	const cells = line?.split(",") ?? [];
	assert.equal(cells.length, names.length);
	const cell = (name: string) => cells[names.indexOf(name)];
	assert.deepEqual(["day", "conversations", "first_token_p50_ms", "first_token_p95_ms"].map(cell), [
		TODAY,
		"3",
		"7",
		"",
	]);
	assert.equal(end, "");
});

test("the busiest hours add up the same hour of several weeks", () => {
	const at = (hour: number, user: number) =>
		row({ hour, messagesByRole: { user, assistant: 100, operator: 0 } });
	const where = (ms: number) => [ms % 7, ms % 24] as const;
	const heat = heatOf([at(1, 2), at(1 + 7 * 24, 3), at(2, 1), row({})], where);
	assert.equal(heat[1]?.[1], 5);
	assert.equal(heat[2]?.[2], 1);
	assert.equal(
		heat.flat().reduce((a, b) => a + b),
		6,
	);
	assert.deepEqual(
		[0, 1, 20, 21, 100].map((count) => levelOf(count, 100)),
		[0, 1, 1, 2, 5],
	);
});

test("stacked bars begin where the one below ends; a lone value of a line gets a point", () => {
	const series = (values: ReadonlyArray<number | null>) =>
		({ name: "", color: "", kind: "bar", values }) as const;
	assert.deepEqual(stacked([series([1, null]), series([2, 3])]), [
		[1, 0],
		[3, 3],
	]);
	assert.deepEqual(alone([1, null, 2, 3, null, 4]), [0, 5]);
});
