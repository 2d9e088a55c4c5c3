// The widgets, whose limits are set here.

import type { Widget } from "../../../../workerd/api/openapi/openapi";
import { type Data, useData } from "../../api/desk";
import { everything } from "../everything";

export function useWidgets(): Data<readonly Widget[]> {
	return useData<readonly Widget[]>("settings/widgets", (client) => ({
		load: (signal) =>
			everything(
				(cursor) =>
					client.get("/v1/admin/widgets", {
						query: { limit: 200, ...(cursor !== undefined && { cursor }) },
						signal,
					}),
				({ widgets }) => widgets,
			),
		kinds: ["widget"],
	}));
}
