// All agents of the organization: several pages show their names, offer them, or count with their models.

import type { AgentList } from "../../../workerd/api/openapi/openapi";
import { allPages } from "../api/all-pages";
import { type Data, useData } from "../api/desk";

/** With the defaults and the model servers of the settings. */
export type Agents = Omit<AgentList, "nextCursor">;

/** The key of the data. */
export const ALL_AGENTS = "all agents";

export function useAgents(): Data<Agents> {
	return useData<Agents>(ALL_AGENTS, (api) => ({
		async load(signal) {
			const pages = await allPages((query) => api.get("/v1/admin/agents", { query, signal }));
			const [first] = pages;
			if (!first) throw new Error("there is a first page");
			const agents = pages.flatMap((page) => page.agents);
			return { data: { ...first, agents }, etag: undefined };
		},
		kinds: ["agent"],
	}));
}
