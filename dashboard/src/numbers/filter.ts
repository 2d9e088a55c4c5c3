// Of which widget or agent the page shows the numbers, as the address says.

export interface Filter {
	readonly widgetId?: string;
	readonly agentId?: string;
}

const ID = /^[0-9a-f-]{36}$/;

export function filterOf({ widget, agent }: Readonly<Record<string, string>>): Filter {
	if (widget !== undefined && ID.test(widget)) return { widgetId: widget };
	if (agent !== undefined && ID.test(agent)) return { agentId: agent };
	return {};
}

/** What is added to the address, which already has a query. */
export function filterQuery({ widgetId, agentId }: Filter): string {
	if (widgetId !== undefined) return `&widget=${widgetId}`;
	return agentId === undefined ? "" : `&agent=${agentId}`;
}
