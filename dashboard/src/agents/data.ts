// What the pages of agents/ load.

import type { Agent, Widget } from "../../../workerd/api/openapi/openapi";
import { type Data, useData } from "../api/desk";

export function useAgent(id: string): Data<Agent> {
	return useData(`agent ${id}`, (api) => ({
		load: (signal) => api.read("/v1/admin/agents/{agentId}", { path: { agentId: id }, signal }),
		kinds: ["agent"],
		isAffected: (change) => change.id === id,
	}));
}

export function widgetsOf(widgets: readonly Widget[] | null, agentId: string): readonly Widget[] {
	return (widgets ?? []).filter((one) => one.agent_id === agentId);
}
