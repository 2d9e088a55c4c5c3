// What the tokens of each day cost, at the prices of the models that wrote the replies.

import { usePrices } from "../../shell/prices";
import { totalCost } from "../cost";
import { formatMoney } from "../formats";
import type { Row } from "../rows";
import { t } from "../texts";
import { Chart } from "./chart";

/** `rows` are of days or weeks. */
export function CostChart({ rows }: { readonly rows: readonly Row[] }) {
	const { data: prices } = usePrices();
	if (!prices) return null;
	const costs = rows.map(({ models }) => totalCost(models, prices).total);
	if (costs.every((cost) => cost === null)) return null;
	return (
		<Chart
			title={t("cost")}
			hint={`${t("costNote")}.`}
			days={rows.map((row) => row.day ?? "")}
			format={(value) => formatMoney(value, prices.currency)}
			series={[
				{
					name: t("cost"),
					kind: "bar",
					color: "--chart-1",
					values: costs.map((cost) => cost ?? 0),
				},
			]}
		/>
	);
}
