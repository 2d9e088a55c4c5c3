// Tells the user that somebody waits for a person, that a visitor has written in a conversation of theirs or that they follow, and that a
// colleague mentions them in a note: with a notification of the browser and a sound, off until the user asks for it. Of all tabs, one does it: the holder of a lock. That one keeps the change feed while it is hidden.

import type { Conversation } from "../../../workerd/api/openapi/openapi";
import type { Desk } from "../api/desk";
import { conversationPath } from "../paths";
import { t } from "../text/common";
import { visitorName } from "../ui/visitor-name";
import { playChime } from "./chime";
import { isMine } from "./mine";

type Parts = Pick<Desk, "api" | "feed">;
/** Of so many newest messages, one is that of the change: the assistant may have answered it. The same for mentions. */
const RECENT = 10;

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
	/** Others have no conversations of their own. Read once: a change of the name is rare. */
	const me = api.get("/v1/admin/me", { signal }).catch(() => null);

	const read = (id: string, limit = 1) =>
		api.get("/v1/admin/conversations/{conversationId}", {
			path: { conversationId: id },
			query: { latest: "true", limit },
			signal,
		});

	async function hearMessage(id: string, messageId: string): Promise<void> {
		const { conversation, messages } = await read(id, RECENT);
		const message = messages.find(({ _id }) => _id === messageId);
		if (message?.role !== "user" || isSeen(id)) return;
		if (!conversation.following && !isMine(await me, conversation)) return;
		announce(conversation, t("answered", { name: visitorName(conversation) }), route);
	}

	/** The user is mentioned by a note of the conversation. */
	async function hearMention(id: string): Promise<void> {
		if (isSeen(id)) return;
		const { mentions } = await api.get("/v1/admin/mentions", { query: { limit: RECENT }, signal });
		const note = mentions.find((one) => one.conversationId === id);
		if (!note || note.readAt !== null) return;
		const { conversation } = await read(id);
		const title = t("mentioned", { name: note.authorName ?? t("colleague") });
		announce({ ...conversation, lastMessage: note.text }, title, route);
	}

	async function look(id: string): Promise<void> {
		try {
			const { conversation } = await read(id);
			if (conversation.state !== "waiting") announced.delete(id);
			else if (!announced.has(id)) {
				announced.add(id);
				announce(conversation, t("waits", { name: visitorName(conversation) }), route);
			}
		} catch {
			// Deleted meanwhile, or the server cannot be reached: the list shows it.
		}
	}

	if (signal.aborted) return Promise.resolve();
	feed.keepWhenHidden(true);
	const isMe = async (user: string) => (await me)?.user?.id === user;
	const unlisten = feed.listen(["conversation", "message", "mention"], (change) => {
		if (!change) return;
		const { kind, id, conversationId } = change;
		// What was deleted meanwhile, or cannot be reached, is no news.
		if (kind === "conversation") {
			if (/^(created|state)$/.test(change.change)) void look(id);
		} else if (!conversationId || change.change !== "created") return;
		else if (kind === "message") hearMessage(conversationId, id).catch(() => {});
		else
			void isMe(id).then((isMentioned) => {
				if (isMentioned) hearMention(conversationId).catch(() => {});
			});
	});
	return new Promise((resolve) => {
		signal.addEventListener("abort", () => {
			unlisten();
			feed.keepWhenHidden(false);
			resolve();
		});
	});
}

/** Whether the user looks at the conversation: in this tab, which is the only one that knows. */
const isSeen = (id: string) =>
	document.visibilityState === "visible" &&
	document.hasFocus() &&
	location.pathname === conversationPath(id);

function announce(conversation: Conversation, title: string, route: Route): void {
	const { _id, lastMessage } = conversation;
	playChime();
	if (!("Notification" in window) || Notification.permission !== "granted") return;
	const note = new Notification(title, {
		body: lastMessage.slice(0, 200),
		tag: _id,
	});
	note.onclick = () => {
		window.focus();
		route(conversationPath(_id));
		note.close();
	};
}
