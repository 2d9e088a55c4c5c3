// The most important numbers, each with its change since the previous period.

import type { ComponentChildren } from "preact";
import { useContext } from "preact/hooks";
import type { ApiError } from "../api/errors";
import { searchPath } from "../paths";
import { usePrices } from "../shell/prices";
import { describe } from "../text/describe";
import { Icon } from "../ui/icon";
import { changeOf, shareOf } from "./compare";
import { type ModelTokens, totalCost } from "./cost";
import { formatCount, formatMoney, formatMs, formatPercent, NONE } from "./formats";
import type { Period } from "./periods";
import { percentilesOf, type Row, repliesOf, sumOf, tokensOf } from "./rows";
import { t } from "./texts";
import { FilterContext, useNumbers } from "./use-numbers";

interface TilesProps {
	readonly now: readonly Row[];
	readonly then: readonly Row[];
	readonly period: Period;
	readonly before: Period;
}

export function Tiles({ now, then, period, before }: TilesProps) {
	const a = sumOf(now);
	const b = sumOf(then);
	const widgets = useNumbers("widget", period);
	const widgetRows = widgets.data?.rows ?? [];
	const widgetRowsThen = useNumbers("widget", before).data?.rows ?? [];
	const time = percentilesOf(widgetRows);
	const timeThen = percentilesOf(widgetRowsThen);
	const good = shareOf(a.ratings.up, a.ratings.up + a.ratings.down);
	const goodThen = shareOf(b.ratings.up, b.ratings.up + b.ratings.down);
	const done = shareOf(a.replies.complete, repliesOf(a));
	const doneThen = shareOf(b.replies.complete, repliesOf(b));
	const isMean = widgetRows.length > 1;
	/** Where the search looks for the replies that were counted. */
	const where = { ...useContext(FilterContext), ...period };
	return (
		<dl class="tiles">
			<Tile
				name={t("conversations")}
				value={formatCount(a.conversations)}
				change={changeOf(a.conversations, b.conversations)}
			/>
			<Tile
				name={t("messages")}
				value={formatCount(a.messages)}
				change={changeOf(a.messages, b.messages)}
				note={t("messagesNote", {
					visitors: formatCount(a.messagesByRole.user),
					people: formatCount(a.messagesByRole.operator),
				})}
			/>
			<Tile
				name={t("tokens")}
				value={formatCount(tokensOf(a))}
				change={changeOf(tokensOf(a), tokensOf(b))}
				note={t("tokensNote", {
					in: formatCount(a.tokensIn),
					out: formatCount(a.tokensOut),
				})}
			/>
			<CostTile now={a.models} then={b.models} />
			<Tile
				name={t("replies")}
				value={formatPercent(done)}
				change={changeOf(done, doneThen)}
				note={t("repliesNote", { count: repliesOf(a) })}
				more={
					a.replies.interrupted > 0 && (
						<a href={searchPath({ ...where, status: "interrupted" })}>{t("repliesBroken")}</a>
					)
				}
			/>
			<Tile
				name={t("firstToken")}
				value={formatMs(time.p50)}
				error={widgets.data ? null : widgets.error}
				change={changeOf(time.p50, timeThen.p50)}
				note={
					time.p95 !== null &&
					t(isMean ? "firstTokenMean" : "firstTokenNote", { p95: formatMs(time.p95) })
				}
			/>
			<Tile
				name={t("handovers")}
				value={formatCount(a.handovers)}
				change={changeOf(a.handovers, b.handovers)}
			/>
			<Tile
				name={t("ratings")}
				value={formatPercent(good)}
				change={changeOf(good, goodThen)}
				note={t("ratingsNote", {
					up: formatCount(a.ratings.up),
					down: formatCount(a.ratings.down),
				})}
				more={
					a.ratings.down > 0 && (
						<a href={searchPath({ ...where, rating: "down" })}>{t("ratingsBad")}</a>
					)
				}
			/>
		</dl>
	);
}

interface CostTileProps {
	readonly now: readonly ModelTokens[];
	readonly then: readonly ModelTokens[];
}

function CostTile({ now, then }: CostTileProps) {
	const { data: prices, error } = usePrices();
	if (!prices) return <Tile name={t("cost")} value={NONE} change={null} error={error} />;
	const { total, unpriced } = totalCost(now, prices);
	const before = totalCost(then, prices);
	const hasPrices = Object.keys(prices.models).length > 0;
	return (
		<Tile
			name={t("cost")}
			value={formatMoney(total, prices.currency)}
			change={changeOf(total, before.total)}
			note={
				!hasPrices ? (
					<a href="/settings/prices">{t("costSetPrices")}</a>
				) : unpriced > 0 ? (
					t("costPart", { tokens: formatCount(unpriced) })
				) : (
					t("costNote")
				)
			}
		/>
	);
}

interface TileProps {
	readonly name: string;
	readonly value: string;
	readonly change: number | null;
	readonly note?: ComponentChildren;
	/** Leads to what was counted. */
	readonly more?: ComponentChildren;
	/** Why the value is missing. */
	readonly error?: ApiError | null;
}

function Tile({ name, value, change, note, more, error }: TileProps) {
	return (
		<div class="tile">
			<dt>{name}</dt>
			<dd>
				<span class="tile-value">{value}</span>
				<Change change={change} />
				{error ? (
					<p class="field-error">{describe(error)}</p>
				) : (
					note && <p class="tile-note">{note}</p>
				)}
				{more && <p class="tile-note">{more}</p>}
			</dd>
		</div>
	);
}

/** It judges nothing: whether more is better depends on the number, and on the owner. */
function Change({ change }: { readonly change: number | null }) {
	if (change === null) return null;
	const rounded = Math.round(change);
	if (rounded === 0)
		return (
			<span class="tile-change">
				= <span class="unseen">{t("unchanged")}</span>
			</span>
		);
	return (
		<span class="tile-change" title={t("comparedTo")}>
			<Icon name={rounded > 0 ? "up" : "down"} />
			{formatPercent(Math.abs(rounded))}
			<span class="unseen"> {t(rounded > 0 ? "moreThanBefore" : "lessThanBefore")}</span>
		</span>
	);
}
