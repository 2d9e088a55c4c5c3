// Tells the user that somebody waits for a person: with a notification of the browser and a sound, off until the user
// asks for it. Of all tabs, one does it: the holder of a lock. That one keeps the change feed while it is hidden.

import type { Conversation } from "../../../workerd/api/openapi/openapi";
import type { Desk } from "../api/desk";
import { conversationPath } from "../paths";
import { t } from "../text/common";
import { visitorName } from "../ui/visitor-name";
import { playChime } from "./chime";

type Parts = Pick<Desk, "api" | "feed">;
type Route = (path: string) => void;

/** Until `signal` ends it. `route` shows a page. */
export function notify(desk: Parts, route: Route, signal: AbortSignal): void {
	if (signal.aborted) return;
	// Outside of HTTPS there are no locks; then each tab does it.
	if (!navigator.locks) void serve(desk, route, signal);
	else
		navigator.locks
			.request("banter:bell", { signal }, () => serve(desk, route, signal))
			.catch(() => {
				// Turned off while another tab had the lock.
			});
}

function serve({ api, feed }: Parts, route: Route, signal: AbortSignal): Promise<void> {
	/** Those that were announced and still wait. */
	const announced = new Set<string>();

	async function look(id: string): Promise<void> {
		try {
			const { conversation } = await api.get("/v1/admin/conversations/{conversationId}", {
				path: { conversationId: id },
				query: { latest: "true", limit: 1 },
				signal,
			});
			if (conversation.state !== "waiting") announced.delete(id);
			else if (!announced.has(id)) {
				announced.add(id);
				announce(conversation, route);
			}
		} catch {
			// Deleted meanwhile, or the server cannot be reached: the list shows it.
		}
	}

	if (signal.aborted) return Promise.resolve();
	feed.keepWhenHidden(true);
	const unlisten = feed.listen(["conversation"], (change) => {
		if (change && /^(created|state)$/.test(change.change)) void look(change.id);
	});
	return new Promise((resolve) => {
		signal.addEventListener("abort", () => {
			unlisten();
			feed.keepWhenHidden(false);
			resolve();
		});
	});
}

function announce(conversation: Conversation, route: Route): void {
	const { _id, lastMessage } = conversation;
	playChime();
	if (!("Notification" in window) || Notification.permission !== "granted") return;
	const note = new Notification(t("waits", { name: visitorName(conversation) }), {
		body: lastMessage.slice(0, 200),
		tag: _id,
	});
	note.onclick = () => {
		window.focus();
		route(conversationPath(_id));
		note.close();
	};
}
