// Resolving and its undo: a conversation returns to the state that it had before, also to its holder.

import type { Conversation, Me } from "../../../workerd/api/openapi/openapi";
import type { Client } from "../api/client";
import { operatorId } from "./me";

type Holding = Pick<Conversation, "state" | "operator">;

/** Of those that were resolved on this page. */
const before = new Map<string, Holding>();

export function rememberState(id: string, { state, operator }: Holding): void {
	if (state !== "resolved") before.set(id, { state, operator });
}

/** Whether this page has resolved it; until the page sees that somebody has opened it. */
export const wasResolvedHere = (id: string) => before.has(id);

/** Somebody has opened it since: what was before does not count any more. */
export const forgetState = (id: string) => before.delete(id);

/**
 * Opens a resolved conversation as it was. `me` takes it over again if it was theirs, since a takeover ends when it is
 * resolved; unless it has been assigned to somebody else.
 */
export async function reopen(
	api: Client,
	id: string,
	me: Me | null,
	assignedTo: string | null,
): Promise<void> {
	const { state, operator } = before.get(id) ?? { state: "open", operator: null };
	const path = { conversationId: id };
	const mine = operatorId(me);
	if (state === "person" && operator?.id === mine && (assignedTo ?? mine) === mine) {
		const body = { force: false, ...(operator.name && { name: operator.name }) };
		await api.post("/v1/admin/conversations/{conversationId}/takeover", { path, body });
		return;
	}
	await api.put("/v1/admin/conversations/{conversationId}", {
		path,
		body: { state: state === "waiting" ? state : "open" },
	});
}
