// What tokens cost, by model.

import type { Prices } from "../../../workerd/api/openapi/openapi";
import { type Data, useData } from "../api/desk";

export function usePrices(): Data<Prices> {
	return useData<Prices>("prices", (api) => ({
		load: (signal) => api.read("/v1/admin/prices", { signal }),
		kinds: ["prices"],
	}));
}
