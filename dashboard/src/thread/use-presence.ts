// The presence of operators in the open conversation.

import { useEffect, useMemo, useReducer } from "preact/hooks";
import { address } from "../api/client";
import { useDesk } from "../api/desk";
import { browser } from "../api/surroundings";
import { createPresence, type Presence } from "./presence";

const PRESENCE = "/v1/admin/conversations/{conversationId}/presence";

export function usePresence(id: string): Presence {
	const { api } = useDesk();
	const [, changed] = useReducer((n: number) => n + 1, 0);
	const presence = useMemo(
		() =>
			createPresence({
				around: browser,
				tell(doing) {
					const path = { conversationId: id };
					if (doing === "left") {
						// Also from a page that is being closed.
						const body = new Blob([JSON.stringify({ doing })], { type: "application/json" });
						navigator.sendBeacon(address(PRESENCE, path), body);
						return;
					}
					// It is told again soon.
					api.post(PRESENCE, { path, body: { doing } }).catch(() => {});
				},
				changed: () => changed(undefined),
			}),
		[id],
	);
	useEffect(() => presence.open(), [presence]);
	return presence;
}
