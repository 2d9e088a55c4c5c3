// All sources of the organization's content: the knowledge and the form of an agent show them.

import type { Source } from "../../../workerd/api/openapi/openapi";
import { allItems } from "../api/all-pages";
import { type Data, useData } from "../api/desk";

/** The key of the data. */
export const ALL_SOURCES = "all sources";

/** An organization has at most 100. */
export function useSources(): Data<readonly Source[]> {
	return useData<readonly Source[]>(ALL_SOURCES, (api) => ({
		load: (signal) =>
			allItems(
				(query) => api.get("/v1/admin/sources", { query, signal }),
				({ sources }) => sources,
			),
		// Pages change the counts; a crawl changes many a second.
		kinds: ["source", "page"],
		calmMs: 2_000,
	}));
}
