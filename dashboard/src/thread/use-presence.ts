// The presence of operators in the open conversation.

import { useEffect, useMemo, useReducer } from "preact/hooks";
import { useDesk } from "../api/desk";
import { browser } from "../api/surroundings";
import { createPresence, type Presence } from "./presence";

export function usePresence(id: string): Presence {
	const { api } = useDesk();
	const [, changed] = useReducer((n: number) => n + 1, 0);
	const presence = useMemo(
		() =>
			createPresence({
				around: browser,
				tell: (doing) =>
					void api
						.post("/v1/admin/conversations/{conversationId}/presence", {
							path: { conversationId: id },
							body: { doing },
						})
						// It is told again soon.
						.catch(() => {}),
				changed: () => changed(undefined),
			}),
		[id],
	);
	useEffect(() => presence.open(), [presence]);
	return presence;
}
