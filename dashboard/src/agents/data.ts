// What the pages of agents/ load.

import type {
	Agent,
	AgentDefaults,
	ModelServer,
	Widget,
} from "../../../workerd/api/openapi/openapi";
import { allPages } from "../api/all-pages";
import { type Data, useData } from "../api/desk";

const PAGE = 200;

export interface Agents {
	readonly agents: readonly Agent[];
	readonly defaults: AgentDefaults;
	readonly servers: readonly ModelServer[];
}

export function useAgents(): Data<Agents> {
	return useData<Agents>("agents", (api) => ({
		async load(signal) {
			const pages = await allPages((cursor) =>
				api.get("/v1/admin/agents", {
					query: { limit: PAGE, ...(cursor !== undefined && { cursor }) },
					signal,
				}),
			);
			const [first] = pages;
			if (!first) throw new Error("there is a first page");
			const agents = pages.flatMap((page) => page.agents);
			return { data: { ...first, agents }, etag: undefined };
		},
		kinds: ["agent"],
	}));
}

export function useAgent(id: string): Data<Agent> {
	return useData(`agent ${id}`, (api) => ({
		load: (signal) => api.read("/v1/admin/agents/{agentId}", { path: { agentId: id }, signal }),
		kinds: ["agent"],
		isAffected: (change) => change.id === id,
	}));
}

/** All widgets, to say which of them an agent answers for. */
export function useWidgets(): Data<readonly Widget[]> {
	return useData<readonly Widget[]>("agents' widgets", (api) => ({
		async load(signal) {
			const pages = await allPages((cursor) =>
				api.get("/v1/admin/widgets", {
					query: { limit: PAGE, ...(cursor !== undefined && { cursor }) },
					signal,
				}),
			);
			return { data: pages.flatMap((page) => page.widgets), etag: undefined };
		},
		kinds: ["widget"],
	}));
}

export function widgetsOf(widgets: readonly Widget[] | null, agentId: string): readonly Widget[] {
	return (widgets ?? []).filter((one) => one.agent_id === agentId);
}
