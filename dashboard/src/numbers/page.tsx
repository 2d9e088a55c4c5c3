// Numbers: what happened in a period, compared with the one before.

import { useLocation } from "preact-iso";
import { useNow } from "../hooks/use-now";
import { Page } from "../ui/page";
import { Skeleton } from "../ui/skeleton";
import { TroubleLine, TroubleScreen } from "../ui/trouble";
import { Breakdowns } from "./breakdowns";
import { Charts } from "./charts/charts";
import { type Filter, filterOf, filterQuery } from "./filter";
import { FilterField } from "./filter-field";
import { type Choice, choiceOf, dayOf, previousOf, queryOf } from "./periods";
import { RangePicker } from "./range-picker";
import { byDay, type Row, sumOf } from "./rows";
import { t } from "./texts";
import { Tiles } from "./tiles";
import { FilterContext, useNumbers } from "./use-numbers";

export function NumbersPage() {
	const { query, route } = useLocation();
	const today = dayOf(useNow());
	const choice = choiceOf(query, today);
	const filter = filterOf(query);
	const show = (next: Choice, of: Filter) =>
		route(`/numbers${queryOf(next)}${filterQuery(of)}`, true);
	return (
		<Page
			title={t("title")}
			width="wide"
			lead={t("lead")}
			actions={
				<RangePicker choice={choice} today={today} onChoice={(next) => show(next, filter)}>
					<FilterField filter={filter} onFilter={(of) => show(choice, of)} />
				</RangePicker>
			}
		>
			<FilterContext.Provider value={filter}>
				<Report choice={choice} today={today} />
			</FilterContext.Provider>
		</Page>
	);
}

function hasNothing(days: readonly Row[]): boolean {
	const { messages, conversations } = sumOf(days);
	return messages === 0 && conversations === 0;
}

function Report({ choice, today }: { readonly choice: Choice; readonly today: string }) {
	const { period } = choice;
	const before = previousOf(period);
	// One request for both periods.
	const days = useNumbers("day", { from: before.from, to: period.to });
	const { data, error, refresh } = days;
	if (data === null)
		return error ? (
			<TroubleScreen error={error} retry={refresh} />
		) : (
			<Skeleton rows={6} label={t("loading")} />
		);
	const now = byDay(data.rows, period);
	const then = byDay(data.rows, before);
	const isEmpty = hasNothing(now);
	return (
		<>
			{error && <TroubleLine error={error} retry={refresh} />}
			{isEmpty && (
				<div class="card numbers-empty">
					<h2>{t("empty")}</h2>
					<p>{t("emptyText")}</p>
				</div>
			)}
			<Tiles now={now} then={then} period={period} before={before} />
			{!(isEmpty && hasNothing(then)) && <Charts now={now} then={then} today={today} />}
			<Breakdowns period={period} days={now} />
		</>
	);
}
