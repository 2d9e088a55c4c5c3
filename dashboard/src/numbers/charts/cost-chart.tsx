// What the tokens of each day cost: the days of each agent, at the price of its model.

import { costOf, modelOf } from "../cost";
import { formatMoney } from "../formats";
import { daysOf, type Period } from "../periods";
import { t } from "../texts";
import { useAgents, useDaysOf, useNumbers, usePrices } from "../use-numbers";
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

	const costs = new Map<string, number>();
	for (const [i, { rows: some }] of days.entries())
		for (const row of some) {
			const cost = costOf(row, modelOf(priced[i], list), prices) ?? 0;
			costs.set(row.day ?? "", (costs.get(row.day ?? "") ?? 0) + cost);
		}
	return (
		<Chart
			title={t("cost")}
			hint={t("costNote")}
			days={daysOf(period)}
			format={(value) => formatMoney(value, prices.currency)}
			series={[
				{
					name: t("cost"),
					kind: "bar",
					color: "--chart-1",
					values: daysOf(period).map((day) => costs.get(day) ?? 0),
				},
			]}
		/>
	);
}
