// Selects the widget or the agent of which the page shows the numbers.

import { useAgents } from "../shell/all-agents";
import { useWidgets } from "../shell/all-widgets";
import { widgetName } from "../text/widget-name";
import type { Filter } from "./filter";
import { t } from "./texts";

interface FilterFieldProps {
	readonly filter: Filter;
	readonly onFilter: (filter: Filter) => void;
}

/** As the value of an option: "widget ID". */
const optionOf = ({ widgetId, agentId }: Filter): string => {
	if (widgetId !== undefined) return `widget ${widgetId}`;
	return agentId === undefined ? "" : `agent ${agentId}`;
};

function filterOfValue(value: string): Filter {
	const [kind, id = ""] = value.split(" ");
	if (kind === "widget") return { widgetId: id };
	return kind === "agent" ? { agentId: id } : {};
}

export function FilterField({ filter, onFilter }: FilterFieldProps) {
	const widgets = useWidgets().data ?? [];
	const agents = useAgents().data?.agents ?? [];
	const value = optionOf(filter);
	const known = [
		"",
		...widgets.map(({ id }) => `widget ${id}`),
		...agents.map(({ id }) => `agent ${id}`),
	];
	return (
		<select
			class="input select range-filter"
			aria-label={t("filter")}
			value={value}
			onChange={(event) => onFilter(filterOfValue(event.currentTarget.value))}
		>
			<option value="">{t("filterAll")}</option>
			{!known.includes(value) && <option value={value}>{t("deleted")}</option>}
			<optgroup label={t("widget")}>
				{widgets.map((one) => (
					<option key={one.id} value={`widget ${one.id}`}>
						{widgetName(one)}
					</option>
				))}
			</optgroup>
			<optgroup label={t("agent")}>
				{agents.map((one) => (
					<option key={one.id} value={`agent ${one.id}`}>
						{one.name}
					</option>
				))}
			</optgroup>
		</select>
	);
}
