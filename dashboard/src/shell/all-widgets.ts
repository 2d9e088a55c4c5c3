// All widgets of the organization: several pages show their names, or offer them.

import type { Widget } from "../../../workerd/api/openapi/openapi";
import { allItems } from "../api/all-pages";
import { type Data, useData } from "../api/desk";

/** The key of the data. */
export const ALL_WIDGETS = "all widgets";

export function useWidgets(): Data<readonly Widget[]> {
	return useData<readonly Widget[]>(ALL_WIDGETS, (api) => ({
		load: (signal) =>
			allItems(
				(query) => api.get("/v1/admin/widgets", { query, signal }),
				({ widgets }) => widgets,
			),
		kinds: ["widget"],
	}));
}
