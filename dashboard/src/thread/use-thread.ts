// The open conversation as the components see it: its messages, what the server knows of it besides, its notes, and
// what can be done with it.

import { useEffect, useMemo, useReducer, useRef } from "preact/hooks";
import type { Conversation, LivePresence, Note } from "../../../workerd/api/openapi/openapi";
import { allItems } from "../api/all-pages";
import { type Data, useData, useDesk } from "../api/desk";
import { browser } from "../api/surroundings";
import { useCounts } from "../shell/counts";
import { hearState } from "../shell/resolving";
import { type Controller, createController, type ThreadView } from "./controller";
import type { Item } from "./item";

/** The conversation without its messages. */
export function useConversation(id: string): Data<Conversation> {
	return useData(`conversation:${id}`, (api) => ({
		async load(signal) {
			const { data, etag } = await api.read("/v1/admin/conversations/{conversationId}", {
				path: { conversationId: id },
				query: { latest: true as const, limit: 1 } as { limit: number },
				signal,
			});
			return { data: data.conversation, etag };
		},
		kinds: ["conversation", "message", "contact"],
		isAffected: ({ kind, id: changed, conversationId, change }) =>
			// What was read is the user's own mark, which this page sets.
			change !== "read" && (kind === "contact" || changed === id || conversationId === id),
	}));
}

/** All of them: a conversation has few. */
export function useNotes(id: string): Data<readonly Note[]> {
	return useData<readonly Note[]>(`notes:${id}`, (api) => ({
		load: (signal) =>
			allItems(
				(query) =>
					api.get("/v1/admin/conversations/{conversationId}/notes", {
						path: { conversationId: id },
						query,
						signal,
					}),
				({ notes }) => notes,
			),
		kinds: ["note"],
		isAffected: (change) => change.conversationId === id,
	}));
}

export interface OpenThread extends ThreadView, Omit<Controller, "get" | "open"> {}

interface Heard {
	/** A message that comes while the thread is open. */
	readonly onArrival: (item: Item) => void;
	readonly onPresence: (event: LivePresence) => void;
}

export function useThread(id: string, message: string | undefined, heard: Heard): OpenThread {
	const { api, feed } = useDesk();
	const conversation = useConversation(id);
	const [, changed] = useReducer((n: number) => n + 1, 0);
	const now = useRef({ heard, conversation });
	now.current = { heard, conversation };

	const controller = useMemo(
		() =>
			createController(id, api, browser, {
				changed: () => changed(undefined),
				onArrival: (item) => now.current.heard.onArrival(item),
				onEvent(event) {
					if (event.type === "presence") now.current.heard.onPresence(event);
					const { data, set } = now.current.conversation;
					if (event.type !== "state" || !data) return;
					const { state, operator } = event;
					hearState(id, state);
					const holder = operator ? { id: operator.id ?? "", name: operator.name } : null;
					set({ ...data, state, operator: holder });
				},
			}),
		[id],
	);
	const opened = useRef(message);
	useEffect(() => controller.open(opened.current), [controller]);
	useEffect(() => {
		// A link to another message of the same thread.
		if (message !== undefined && message !== opened.current) controller.show(message);
		opened.current = message;
	}, [message]);
	useEffect(
		() =>
			feed.listen(["rating", "receipt"], (change) => {
				if (change && controller.get().span?.items.some((item) => item.id === change.id))
					controller.reread(change.id).catch(() => {});
			}),
		[controller],
	);
	return { ...controller.get(), ...controller };
}

/** The reader sees the conversation: its notes that mention them are not unread any more. */
export function useMentionsMark(id: string, isSeen: boolean): void {
	const { api } = useDesk();
	const unread = useCounts().data?.mentions ?? 0;
	useEffect(() => {
		if (unread === 0 || !isSeen) return;
		const mark = () => {
			if (!browser.isVisible()) return;
			// The next mention tries again.
			api.post("/v1/admin/mentions/read", { body: { conversationId: id } }).catch(() => {});
		};
		mark();
		return browser.onChange(mark);
	}, [id, unread, isSeen]);
}

/** The reader sees the newest messages: they are not unread any more. */
export function useReadMark(id: string, conversation: Data<Conversation>, isSeen: boolean): void {
	const { api } = useDesk();
	const { data, set } = conversation;
	const isUnread = data?.unread ?? false;
	const stamp = data?.updatedAt;
	useEffect(() => {
		if (!isUnread || !isSeen) return;
		const mark = () => {
			if (!browser.isVisible()) return;
			api
				.put("/v1/admin/conversations/{conversationId}", {
					path: { conversationId: id },
					body: { read: true },
				})
				.then(
					// The mark is no reason to disturb: the next message tries again.
					({ conversation: next }) => set({ ...data, ...next }),
					() => {},
				);
		};
		mark();
		return browser.onChange(mark);
	}, [isUnread, isSeen, stamp]);
}
