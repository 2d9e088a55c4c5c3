// What a search is limited to.

import { useAgents } from "../../shell/all-agents";
import { t as common } from "../../text/common";
import { Button } from "../../ui/button";
import { type Choice, SelectField, TextField } from "../../ui/field";
import type { Filters } from "../place";
import { t as inbox } from "../texts";
import type { ViewNames } from "../view-list";
import { t } from "./texts";

interface SearchFiltersProps {
	readonly filters: Filters;
	readonly names: ViewNames;
	readonly onFilters: (filters: Filters) => void;
}

/** With the choice "any", whose value is empty. */
const choices = (
	any: string,
	known: ReadonlyArray<readonly [string, string]>,
): Choice<string>[] => [
	{ value: "", text: any },
	...known.map(([value, text]) => ({ value, text })),
];

export function SearchFilters({ filters, names, onFilters }: SearchFiltersProps) {
	function set(name: keyof Filters, value: string) {
		const { [name]: _, ...others } = filters;
		onFilters(value === "" ? others : { ...others, [name]: value });
	}
	const states = [
		["open", t("stateOpen")],
		["waiting", inbox("waiting")],
		["person", inbox("person")],
		["resolved", inbox("resolved")],
	] as const;
	const ends = [
		["stopped", t("endStopped")],
		["interrupted", t("endInterrupted")],
		["length", t("endLength")],
		["filtered", t("endFiltered")],
	] as const;
	const agents = (useAgents().data?.agents ?? []).map(({ id, name }) => [id, name] as const);
	return (
		<div class="search-filters">
			<SelectField
				label={t("state")}
				value={filters.state ?? ""}
				choices={choices(t("anyState"), states)}
				onValue={(value) => set("state", value)}
			/>
			<SelectField
				label={t("widget")}
				value={filters.widgetId ?? ""}
				choices={choices(t("anyWidget"), [...names.widgets])}
				onValue={(value) => set("widgetId", value)}
			/>
			<SelectField
				label={t("tag")}
				value={filters.tag ?? ""}
				choices={choices(
					t("anyTag"),
					[...names.tags.values()].map(({ id, name }) => [id, name]),
				)}
				onValue={(value) => set("tag", value)}
			/>
			<SelectField
				label={t("agent")}
				value={filters.agentId ?? ""}
				choices={choices(t("anyAgent"), agents)}
				onValue={(value) => set("agentId", value)}
			/>
			<SelectField
				label={t("rating")}
				value={filters.rating ?? ""}
				choices={choices(t("anyRating"), [
					["up", t("ratedUp")],
					["down", t("ratedDown")],
				])}
				onValue={(value) => set("rating", value)}
			/>
			<SelectField
				label={t("ending")}
				value={filters.status ?? ""}
				choices={choices(t("anyEnding"), ends)}
				onValue={(value) => set("status", value)}
			/>
			<TextField
				label={t("since")}
				type="date"
				value={filters.from ?? ""}
				onValue={(value) => set("from", value)}
			/>
			<TextField
				label={t("until")}
				type="date"
				value={filters.to ?? ""}
				onValue={(value) => set("to", value)}
			/>
			<SelectField
				label={common("knowledge")}
				value={filters.unanswered ?? ""}
				choices={choices(t("anyReply"), [["true", inbox("unanswered")]])}
				onValue={(value) => set("unanswered", value)}
			/>
			{filters.contactId && <p class="badge badge-accent">{t("oneContact")}</p>}
			<Button isSmall kind="quiet" onClick={() => onFilters(filters.q ? { q: filters.q } : {})}>
				{t("clear")}
			</Button>
		</div>
	);
}
