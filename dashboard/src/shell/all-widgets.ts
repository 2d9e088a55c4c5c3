// All widgets of the organization: several pages show their names, or offer them.

import type { Widget } from "../../../workerd/api/openapi/openapi";
import { allItems } from "../api/all-pages";
import { type Data, useData } from "../api/desk";

export function useWidgets(): Data<readonly Widget[]> {
	return useData<readonly Widget[]>("all widgets", (api) => ({
		load: (signal) =>
			allItems(
				(query) => api.get("/v1/admin/widgets", { query, signal }),
				({ widgets }) => widgets,
			),
		kinds: ["widget"],
	}));
}
