// What the tokens of each day cost: the days of each agent, at the price of its model.

import { useAgents } from "../../shell/all-agents";
import { usePrices } from "../../shell/prices";
import { costOf, modelOf } from "../cost";
import { formatMoney } from "../formats";
import type { Period } from "../periods";
import { byDay, grouped } from "../rows";
import { t } from "../texts";
import { useDaysOf, useNumbers } from "../use-numbers";
import { Chart } from "./chart";

/** Each needs a request. */
const AGENTS_MAX = 20;

export function CostChart({ period }: { readonly period: Period }) {
	const { data: prices } = usePrices();
	const { data: list } = useAgents();
	const rows = useNumbers("agent", period).data?.rows ?? [];
	const priced =
		prices && list
			? rows.flatMap(({ agentId }) =>
					agentId && (modelOf(agentId, list) ?? "") in prices.models ? [agentId] : [],
				)
			: [];
	const { data: days } = useDaysOf(priced.length <= AGENTS_MAX ? priced : [], period);
	if (!prices || !list || !days || days.length === 0) return null;

	// The same groups of days as in the other charts.
	const groups = grouped(byDay([], period)).map((row) => row.day ?? "");
	const groupOf = (day: string) => groups.filter((from) => from <= day).pop() ?? "";
	const costs = new Map<string, number>();
	for (const [i, { rows: some }] of days.entries())
		for (const row of some) {
			const cost = costOf(row, modelOf(priced[i], list), prices) ?? 0;
			const from = groupOf(row.day ?? "");
			costs.set(from, (costs.get(from) ?? 0) + cost);
		}
	return (
		<Chart
			title={t("cost")}
			hint={`${t("costNote")}.`}
			days={groups}
			format={(value) => formatMoney(value, prices.currency)}
			series={[
				{
					name: t("cost"),
					kind: "bar",
					color: "--chart-1",
					values: groups.map((day) => costs.get(day) ?? 0),
				},
			]}
		/>
	);
}
