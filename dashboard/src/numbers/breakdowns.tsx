// The period by widget and by agent, and the files.

import type { ComponentChildren } from "preact";
import type { AgentList, Numbers } from "../../../workerd/api/openapi/openapi";
import type { Data } from "../api/desk";
import { agentPath, searchPath, widgetPath } from "../paths";
import { useAgents } from "../shell/all-agents";
import { useWidgets } from "../shell/all-widgets";
import { usePrices } from "../shell/prices";
import { widgetName } from "../text/widget-name";
import { Button } from "../ui/button";
import { TableBox } from "../ui/table-box";
import { TroubleLine, TroubleScreen } from "../ui/trouble";
import { shareOf } from "./compare";
import { costOf, type ModelTokens, modelsOf, totalCost } from "./cost";
import { csvOf, download, numbersCsv } from "./csv";
import { formatCount, formatMoney, formatMs, formatPercent } from "./formats";
import type { Period } from "./periods";
import { type Row, tokensOf } from "./rows";
import { t } from "./texts";
import { useNumbers } from "./use-numbers";

const fileName = (by: string, { from, to }: Period): string => `banter-${by}-${from}-${to}.csv`;
const mostFirst = (rows: readonly Row[]): readonly Row[] =>
	[...rows].sort((a, b) => b.conversations - a.conversations || tokensOf(b) - tokensOf(a));

interface BreakdownsProps {
	readonly period: Period;
	/** Its days. */
	readonly days: readonly Row[];
}

export function Breakdowns({ period, days }: BreakdownsProps) {
	return (
		<>
			<ByWidget period={period} />
			<ByAgent period={period} />
			<ByModel period={period} models={modelsOf(days)} />
			<div class="numbers-foot">
				<Button
					icon="download"
					onClick={() =>
						download(
							fileName("days", period),
							numbersCsv(["day"], days, (row) => [row.day ?? ""]),
						)
					}
				>
					{t("csvDays")}
				</Button>
			</div>
		</>
	);
}

function ByWidget({ period }: { readonly period: Period }) {
	const numbers = useNumbers("widget", period);
	const rows = mostFirst(numbers.data?.rows ?? []);
	const widgets = useWidgets().data ?? [];
	const nameOf = (id: string | undefined) => {
		const widget = widgets.find((one) => one.id === id);
		return widget ? widgetName(widget) : t("deleted");
	};
	const save = () =>
		download(
			fileName("widgets", period),
			numbersCsv(["widget_id", "widget"], rows, ({ widgetId }) => [
				widgetId ?? "",
				nameOf(widgetId),
			]),
		);
	return (
		<Breakdown
			title={t("byWidget")}
			name={t("widget")}
			numbers={numbers}
			period={period}
			rows={rows}
			save={save}
			keyOf={(row) => row.widgetId ?? ""}
			nameOf={({ widgetId }) => (
				<Name
					name={nameOf(widgetId)}
					href={widgets.some(({ id }) => id === widgetId) ? widgetPath(widgetId ?? "") : null}
				/>
			)}
		/>
	);
}

/** The model of an agent today; null: the agent does not exist any more. */
function modelOf(
	agentId: string | null | undefined,
	{ agents, defaults }: Pick<AgentList, "agents" | "defaults">,
): string | null {
	const agent = agents.find(({ id }) => id === agentId);
	return agent ? (agent.model ?? defaults.model) : null;
}

function ByAgent({ period }: { readonly period: Period }) {
	const numbers = useNumbers("agent", period);
	const rows = mostFirst(numbers.data?.rows ?? []);
	const { data: list } = useAgents();
	const { data: prices } = usePrices();
	const agents = list?.agents ?? [];
	// What people write is of no agent.
	const nameOf = (id: string | null | undefined) =>
		id ? (agents.find((one) => one.id === id)?.name ?? t("deletedAgent")) : t("team");
	const priceOf = (row: Row) => (prices ? totalCost(row.models, prices).total : null);
	const save = () =>
		download(
			fileName("agents", period),
			numbersCsv(["agent_id", "agent", "cost", "currency"], rows, (row) => [
				row.agentId ?? "",
				nameOf(row.agentId),
				priceOf(row),
				prices?.currency ?? "",
			]),
		);
	return (
		<Breakdown
			title={t("byAgent")}
			hint={t("byAgentHint")}
			name={t("agent")}
			numbers={numbers}
			period={period}
			rows={rows}
			save={save}
			keyOf={(row) => row.agentId ?? ""}
			nameOf={({ agentId }) => (
				<Name
					name={nameOf(agentId)}
					href={agents.some(({ id }) => id === agentId) ? agentPath(agentId ?? "") : null}
					note={list ? modelOf(agentId, list) : null}
				/>
			)}
			costOf={(row) => formatMoney(priceOf(row), prices?.currency ?? null)}
		/>
	);
}

interface ByModelProps {
	readonly period: Period;
	readonly models: readonly ModelTokens[];
}

function ByModel({ period, models }: ByModelProps) {
	const { data: prices } = usePrices();
	const currency = prices?.currency ?? null;
	const priceOf = (one: ModelTokens) => (prices ? costOf(one, prices) : null);
	if (models.length === 0) return null;
	const save = () =>
		download(
			fileName("models", period),
			csvOf(
				["model", "tokens_in", "tokens_out", "cost", "currency"],
				models.map((one) => [
					one.model ?? "",
					one.tokensIn,
					one.tokensOut,
					priceOf(one),
					currency ?? "",
				]),
			),
		);
	return (
		<section class="card breakdown">
			<BreakdownHead title={t("byModel")} hint={t("byModelHint")} save={save} />
			<TableBox label={t("byModel")}>
				<table class="table">
					<thead>
						<tr>
							<th scope="col">{t("model")}</th>
							{(["tokensIn", "tokensOut", "cost"] as const).map((key) => (
								<th scope="col" class="numeric" key={key}>
									{t(key)}
								</th>
							))}
						</tr>
					</thead>
					<tbody>
						{models.map((one) => (
							<tr key={one.model ?? ""}>
								<th scope="row" class="breakdown-model">
									{one.model ?? <span class="quiet">{t("unknownModel")}</span>}
								</th>
								<td class="numeric">{formatCount(one.tokensIn)}</td>
								<td class="numeric">{formatCount(one.tokensOut)}</td>
								<td class="numeric">{formatMoney(priceOf(one), currency)}</td>
							</tr>
						))}
					</tbody>
				</table>
			</TableBox>
		</section>
	);
}

interface NameProps {
	readonly name: string;
	/** null: it does not exist any more. */
	readonly href: string | null;
	readonly note?: string | null;
}

function Name({ name, href, note }: NameProps) {
	return (
		<>
			{href === null ? <span class="quiet">{name}</span> : <a href={href}>{name}</a>}
			{note && <span class="breakdown-note">{note}</span>}
		</>
	);
}

interface BreakdownProps {
	readonly title: string;
	readonly hint?: string;
	readonly name: string;
	readonly numbers: Data<Numbers>;
	readonly period: Period;
	/** Its rows as they are shown. */
	readonly rows: readonly Row[];
	readonly save: () => void;
	readonly keyOf: (row: Row) => string;
	readonly nameOf: (row: Row) => ComponentChildren;
	readonly costOf?: (row: Row) => string;
}

interface BreakdownHeadProps {
	readonly title: string;
	readonly hint?: string | undefined;
	readonly save: () => void;
}

function BreakdownHead({ title, hint, save }: BreakdownHeadProps) {
	return (
		<div class="card-head">
			<div>
				<h2>{title}</h2>
				{hint && <p class="field-hint">{hint}</p>}
			</div>
			<Button isSmall icon="download" onClick={save} aria-label={`CSV: ${title}`}>
				CSV
			</Button>
		</div>
	);
}

/** The share of good ratings, which leads to the replies with bad ones. */
function Ratings({ row, period }: { readonly row: Row; readonly period: Period }) {
	const { ratings, widgetId, agentId } = row;
	const share = formatPercent(shareOf(ratings.up, ratings.up + ratings.down));
	if (ratings.down === 0) return share;
	const whose = { ...(widgetId && { widgetId }), ...(agentId && { agentId }) };
	return (
		<a href={searchPath({ rating: "down", ...whose, ...period })} title={t("ratingsBad")}>
			{share}
		</a>
	);
}

function Breakdown(props: BreakdownProps) {
	const { title, hint, name, numbers, period, rows, save, keyOf, nameOf, costOf } = props;
	const { data, error, refresh } = numbers;
	if (error && !data)
		return (
			<section class="card breakdown">
				<h2>{title}</h2>
				<TroubleScreen error={error} retry={refresh} />
			</section>
		);
	if (rows.length === 0) return null;
	return (
		<section class="card breakdown">
			<BreakdownHead title={title} hint={hint} save={save} />
			{error && <TroubleLine error={error} retry={refresh} />}
			<TableBox label={title}>
				<table class="table">
					<thead>
						<tr>
							<th scope="col">{name}</th>
							{[
								"conversations",
								"messages",
								"tokens",
								...(costOf ? ["cost"] : []),
								"firstToken",
								"handovers",
								"ratings",
							].map((key) => (
								<th scope="col" class="numeric" key={key}>
									{t(key as Parameters<typeof t>[0])}
								</th>
							))}
						</tr>
					</thead>
					<tbody>
						{rows.map((row) => (
							<tr key={keyOf(row)}>
								<th scope="row">{nameOf(row)}</th>
								<td class="numeric">{formatCount(row.conversations)}</td>
								<td class="numeric">{formatCount(row.messages)}</td>
								<td class="numeric">{formatCount(tokensOf(row))}</td>
								{costOf && <td class="numeric">{costOf(row)}</td>}
								<td class="numeric">
									{formatMs(row.firstToken.p50)}
									{row.firstToken.p95 !== null && (
										<span class="breakdown-more">
											{t("p95Note", { p95: formatMs(row.firstToken.p95) })}
										</span>
									)}
								</td>
								<td class="numeric">{formatCount(row.handovers)}</td>
								<td class="numeric">
									<Ratings row={row} period={period} />
								</td>
							</tr>
						))}
					</tbody>
				</table>
			</TableBox>
		</section>
	);
}
