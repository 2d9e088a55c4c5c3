// The signed-in user.

import type { Me } from "../../../workerd/api/openapi/openapi";
import { type Data, useData } from "../api/desk";

export function useMe(): Data<Me> {
	return useData("me", (api) => ({
		load: (signal) => api.read("/v1/admin/me", { signal }),
		kinds: ["user"],
	}));
}

/** Owners see more pages; until it is known, nobody is one. */
export function useIsOwner(): boolean {
	return useMe().data?.role === "owner";
}
