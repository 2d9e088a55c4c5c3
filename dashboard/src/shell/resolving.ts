// Resolving and its undo: a conversation returns to the state that it had before, also to its holder.

import type { Conversation, Me } from "../../../workerd/api/openapi/openapi";
import type { Client } from "../api/client";
import { operatorId } from "./me";

type Holding = Pick<Conversation, "state" | "operator">;

/** Of those that were resolved on this page. */
const before = new Map<string, Holding>();

export function rememberState(id: string, { state, operator }: Holding): void {
	resolved.delete(id);
	opened.delete(id);
	if (state !== "resolved") before.set(id, { state, operator });
}

/** Those of which this page has heard that they are resolved, and then, that somebody else has opened them. */
const resolved = new Set<string>();
const opened = new Set<string>();

/** In the order of the server. What was before does not count any more if somebody has opened it since. */
export function hearState(id: string, state: Conversation["state"]): void {
	if (state === "resolved") resolved.add(id);
	else if (resolved.delete(id)) {
		before.delete(id);
		opened.add(id);
	}
}

/** Whether somebody else has opened what this page had heard to be resolved; asked once. */
export const wasOpened = (id: string) => opened.delete(id);

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
	resolved.delete(id);
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
