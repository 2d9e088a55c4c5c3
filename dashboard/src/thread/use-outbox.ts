// The outbox of the open conversation.

import { useEffect, useMemo, useReducer } from "preact/hooks";
import type { Message } from "../../../workerd/api/openapi/openapi";
import { useDesk } from "../api/desk";
import { browser } from "../api/surroundings";
import { createOutbox, type Outbox } from "./outbox";

/** Also on pages without HTTPS, where crypto.randomUUID() is missing. */
function randomId(): string {
	return Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join("");
}

export function useOutbox(id: string, onSent: (message: Message) => void): Outbox {
	const { api } = useDesk();
	const [, changed] = useReducer((n: number) => n + 1, 0);
	const outbox = useMemo(
		() =>
			createOutbox(id, {
				store: localStorage,
				around: browser,
				post: (content, clientMessageId) =>
					api.post("/v1/admin/conversations/{conversationId}/messages", {
						path: { conversationId: id },
						body: { content, clientMessageId },
					}),
				changed: () => changed(undefined),
				onSent,
				newId: randomId,
				now: Date.now,
			}),
		[id],
	);
	useEffect(() => outbox.open(), [outbox]);
	return outbox;
}
