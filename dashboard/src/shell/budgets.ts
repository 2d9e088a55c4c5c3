// The budgets of tokens: several pages show them. Owners only.

import type { Budgets } from "../../../workerd/api/openapi/openapi";
import { type Data, useData } from "../api/desk";

export function useBudgets(): Data<Budgets> {
	return useData<Budgets>("budgets", (api) => ({
		load: (signal) => api.read("/v1/admin/budgets", { signal }),
		kinds: ["budget", "reply"],
	}));
}
