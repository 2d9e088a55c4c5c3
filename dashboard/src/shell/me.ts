// The signed-in user.

import type { AvailabilityName, Me } from "../../../workerd/api/openapi/openapi";
import { type Data, useData } from "../api/desk";
import { t } from "../text/common";

export type Availability = AvailabilityName;

export function useMe(): Data<Me> {
	return useData("me", (api) => ({
		load: (signal) => api.read("/v1/admin/me", { signal }),
		kinds: ["user"],
	}));
}

export function availabilityName(availability: Availability): string {
	const names = { online: "stateOnline", away: "stateAway", off: "stateOff" } as const;
	return t(names[availability]);
}

/** Anybody who signed in with DASHBOARD_PASSWORD. */
const PASSWORD_ID = "00000000-0000-0000-0000-000000000002";

/** As which the user holds conversations. */
export function operatorId(me: Me | null): string | null {
	return me ? (me.user?.id ?? PASSWORD_ID) : null;
}

/** Whether the user has the right (workerd/api/request/rights.def); until it is known, nobody has one. */
export function useRight(right: Me["rights"][number]): boolean {
	return useMe().data?.rights.includes(right) ?? false;
}

/** Owners see more pages. */
export const useIsOwner = (): boolean => useRight("manage");
