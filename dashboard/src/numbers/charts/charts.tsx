// The charts of the page.

import { formatCompact, formatMs } from "../formats";
import { grouped, type Row } from "../rows";
import { t } from "../texts";
import { Chart } from "./chart";
import { CostChart } from "./cost-chart";
import { HeatMap } from "./heat-map";

interface ChartsProps {
	readonly now: readonly Row[];
	readonly then: readonly Row[];
	readonly today: string;
}

const count = (value: number): string => (Number.isInteger(value) ? formatCompact(value) : "");
const time = (value: number): string => (value === 0 ? "0" : formatMs(value));

export function Charts({ now: days, then: daysBefore, today }: ChartsProps) {
	const now = grouped(days);
	const then = grouped(daysBefore);
	const from = now.map((row) => row.day ?? "");
	const before = (value: (row: Row) => number | null) =>
		({
			name: t("before"),
			kind: "dashed",
			color: "--chart-before",
			values: then.map(value),
		}) as const;
	return (
		<div class="charts">
			<Chart
				title={t("conversations")}
				days={from}
				format={count}
				series={[
					{
						name: t("thisPeriod"),
						kind: "bar",
						color: "--chart-1",
						values: now.map((row) => row.conversations),
					},
					before((row) => row.conversations),
				]}
			/>
			<Chart
				title={t("messages")}
				days={from}
				format={count}
				series={[
					{
						name: t("thisPeriod"),
						kind: "line",
						color: "--chart-1",
						values: now.map((row) => row.messages),
					},
					before((row) => row.messages),
				]}
			/>
			<Chart
				title={t("tokens")}
				days={from}
				format={count}
				isStacked
				series={[
					{
						name: t("tokensIn"),
						kind: "bar",
						color: "--chart-1",
						values: now.map((row) => row.tokensIn),
					},
					{
						name: t("tokensOut"),
						kind: "bar",
						color: "--chart-2",
						values: now.map((row) => row.tokensOut),
					},
				]}
			/>
			<Chart
				title={t("firstToken")}
				hint={t("firstTokenHint")}
				days={from}
				format={time}
				series={[
					{
						name: t("median"),
						kind: "line",
						color: "--chart-1",
						values: now.map((row) => row.firstToken.p50),
					},
					{
						name: t("p95"),
						kind: "line",
						color: "--chart-3",
						values: now.map((row) => row.firstToken.p95),
					},
				]}
			/>
			<Chart
				title={t("repliesByEnd")}
				days={from}
				format={count}
				isStacked
				series={[
					end("complete", "--chart-2", now),
					end("stopped", "--chart-before", now),
					end("interrupted", "--chart-3", now),
					end("failed", "--chart-4", now),
				]}
			/>
			<CostChart rows={now} />
			<HeatMap today={today} />
		</div>
	);
}

const end = (name: keyof Row["replies"], color: string, rows: readonly Row[]) =>
	({
		name: t(`end_${name}`),
		kind: "bar",
		color,
		values: rows.map((row) => row.replies[name]),
	}) as const;
