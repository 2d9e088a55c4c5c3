// All tools of the organization: the settings list them, and an agent chooses of them.

import type { Tool } from "../../../workerd/api/openapi/openapi";
import { allItems } from "../api/all-pages";
import { type Data, useData } from "../api/desk";

export function useTools(): Data<readonly Tool[]> {
	return useData<readonly Tool[]>("tools", (client) => ({
		load: (signal) =>
			allItems(
				(query) => client.get("/v1/admin/tools", { query, signal }),
				({ tools }) => tools,
			),
		kinds: ["tool"],
	}));
}
