// Which conversations are the user's.

import type { Conversation, Me } from "../../../workerd/api/openapi/openapi";
import { operatorId } from "./me";

/** Whether the user answers the visitor. */
export function isHeldBy(me: Me | null, { state, operator }: Conversation): boolean {
	return state === "person" && operator !== null && operator.id === operatorId(me);
}

/** Whether the user has to do with it: it is assigned to them, or they answer. */
export function isMine(me: Me | null, row: Conversation): boolean {
	return (me?.user != null && row.assignedTo === me.user.id) || isHeldBy(me, row);
}
