// How many conversations each view, widget and tag has, and how many mentions are unread.

import type { Counts } from "../../../workerd/api/openapi/openapi";
import { type Data, useData } from "../api/desk";

export function useCounts(): Data<Counts> {
	return useData("counts", (api) => ({
		load: (signal) => api.read("/v1/admin/counts", { signal }),
		kinds: ["conversation", "user", "widget", "tag", "mention"],
		// Others change no count.
		isAffected: ({ kind, change }) => kind !== "conversation" || !/^(read|contact)$/.test(change),
	}));
}
