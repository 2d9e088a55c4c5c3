// Who answers: the model, the one who looks, or another operator.

import type { Conversation, Me } from "../../../workerd/api/openapi/openapi";
import { operatorId } from "../shell/me";

export type Holder = "model" | "me" | "other";

export function holderOf({ state, operator }: Conversation, me: Me | null): Holder {
	if (state !== "person" || !operator) return "model";
	return operator.id === operatorId(me) ? "me" : "other";
}

/** Several users may share a device. */
const keyOf = (me: Me | null) => `banter:operator-name:${operatorId(me)}`;

/** The name that visitors see: as last used on this device, or the user's. */
export function operatorName(me: Me | null): string {
	try {
		return localStorage.getItem(keyOf(me)) || me?.user?.name || "";
	} catch {
		return me?.user?.name ?? "";
	}
}

export function rememberOperatorName(me: Me | null, name: string): void {
	try {
		localStorage.setItem(keyOf(me), name);
	} catch {
		// It is asked for again.
	}
}
