// What can be done with a conversation. Changes show at once and roll back with a message if the server refuses them.

import { useRef } from "preact/hooks";
import type { Conversation, ConversationChange } from "../../../workerd/api/openapi/openapi";
import type { Client } from "../api/client";
import { type Data, useDesk } from "../api/desk";
import { ApiError } from "../api/errors";
import { operatorId, useMe } from "../shell/me";
import { usePeople } from "../shell/people";
import { rememberState, reopen, wasOpened } from "../shell/resolving";
import { toast, toastError } from "../shell/toasts";
import { t as common } from "../text/common";
import { mentionedIn } from "../text/mentions";
import { t } from "./texts";

export interface Actions {
	/** Settles with whether the server has it. */
	change(change: ConversationChange): Promise<boolean>;
	/** Resolves the conversation, or opens a resolved one as it was before. */
	toggleResolved(): Promise<void>;
	/** null: it is back. */
	snooze(snoozed: Conversation["snoozed"]): Promise<void>;
	/** Settles with whether the user has the conversation now. */
	takeOver(name: string, isForced: boolean): Promise<boolean>;
	handBack(): Promise<void>;
	/** Sends the conversation to the visitor by mail. */
	sendTranscript(): Promise<void>;
	/** Asks first, elsewhere. */
	remove(): Promise<void>;
	/** Hears of the visitor's messages, or not any more. */
	follow(isFollowing: boolean): Promise<void>;
	addNote(text: string): Promise<boolean>;
	removeNote(noteId: string): Promise<void>;
}

function shown(conversation: Conversation, change: ConversationChange): Conversation {
	const { read, addTags = [], removeTags = [], ...fields } = change;
	const tags = [...new Set([...conversation.tags, ...addTags])];
	return {
		...conversation,
		tags: tags.filter((tag) => !removeTags.includes(tag)),
		...fields,
		...(fields.state && { operator: null }),
		...(fields.state === "resolved" && { snoozed: null }),
		...(read && { unread: false }),
	};
}

export async function takeOver(api: Client, id: string, name: string, force: boolean) {
	return api.post("/v1/admin/conversations/{conversationId}/takeover", {
		path: { conversationId: id },
		body: { force, ...(name !== "" && { name }) },
	});
}

export function useActions(
	id: string,
	conversation: Data<Conversation>,
	/** Settles when the page shows the notes as they are now. */
	onNotes: () => Promise<unknown>,
): Actions {
	const { api } = useDesk();
	const { data: me } = useMe();
	const people = usePeople();
	const path = { conversationId: id };
	const { refresh } = conversation;
	/** Newer than the last rendering: a key may follow another one before the page shows it. */
	const latest = useRef(conversation.data);
	latest.current = conversation.data;
	const toggling = useRef<Promise<unknown>>(Promise.resolve());
	const isHeldByOther = (one: Conversation | null) =>
		one?.state === "person" && one.operator?.id !== operatorId(me);

	function set(next: Conversation) {
		latest.current = next;
		conversation.set(next);
	}

	/** The holder as the server says. */
	function hold(holder: Pick<Conversation, "state" | "operator">) {
		const data = latest.current;
		if (data) set({ ...data, state: holder.state, operator: holder.operator });
	}

	/** After a conversation was resolved, or opened again. */
	function offerUndo({ state }: ConversationChange) {
		const wasResolved = state === "resolved";
		toast({
			text: common(wasResolved ? "wasResolved" : "wasReopened"),
			action: { text: common("undo"), run: () => void undo(wasResolved) },
		});
	}

	async function undo(wasResolved: boolean): Promise<void> {
		// To open what a colleague has opened changes nothing.
		if (wasResolved || !isHeldByOther(latest.current)) await setResolved(!wasResolved);
		else toast({ text: t("refusedTaken"), isBad: true });
	}

	async function toggle(): Promise<void> {
		// The second time was meant to open it: a colleague has done so and answers.
		if (isHeldByOther(latest.current) && wasOpened(id)) {
			toast({ text: t("refusedTaken"), isBad: true });
		} else await setResolved(latest.current?.state !== "resolved");
	}

	async function setResolved(isResolved: boolean): Promise<void> {
		if (isResolved) {
			await change({ state: "resolved" });
			return;
		}
		try {
			await reopen(api, id, me, latest.current?.assignedTo ?? null);
			await refresh();
			offerUndo({ state: "open" });
		} catch (reason) {
			void refresh();
			toastError(reason);
		}
	}

	async function change(change: ConversationChange): Promise<boolean> {
		const data = latest.current;
		if (!data) return false;
		rememberState(id, data);
		set(shown(data, change));
		try {
			const { conversation: next } = await api.put("/v1/admin/conversations/{conversationId}", {
				path,
				body: change,
			});
			// Page and context are only in the answer of a read.
			set({ ...shown(latest.current ?? data, change), ...next });
			if (change.state !== undefined && change.state !== data.state)
				if (change.state === "resolved" || data.state === "resolved") offerUndo(change);
			return true;
		} catch (reason) {
			set(data);
			// Somebody else's change may have come meanwhile.
			void refresh();
			const error = ApiError.from(reason);
			if (error.code === "taken") toast({ text: t("refusedTaken"), isBad: true });
			else toastError(reason);
			return false;
		}
	}

	return {
		change,
		toggleResolved() {
			// One after the other: the second one undoes what the first one did.
			toggling.current = toggling.current.then(toggle);
			return toggling.current as Promise<void>;
		},
		async snooze(snoozed) {
			const before = latest.current?.snoozed ?? null;
			if (!(await change({ snoozed }))) return;
			toast({
				text: t(snoozed ? "wasSnoozed" : "wasWoken"),
				action: { text: common("undo"), run: () => void change({ snoozed: before }) },
			});
		},
		async takeOver(name, isForced) {
			try {
				hold(await takeOver(api, id, name, isForced));
				return true;
			} catch (reason) {
				const error = ApiError.from(reason);
				if (error.code !== "taken") {
					toastError(reason);
					return false;
				}
				await refresh();
				toast({
					text: t("takenMeanwhile"),
					isBad: true,
					action: {
						text: t("takeAnyway"),
						run: () => void takeOver(api, id, name, true).then(refresh, toastError),
					},
				});
				return false;
			}
		},
		async handBack() {
			try {
				hold(
					await api.post("/v1/admin/conversations/{conversationId}/handback", { path, body: {} }),
				);
			} catch (reason) {
				await refresh();
				toastError(reason);
			}
		},
		async sendTranscript() {
			try {
				await api.post("/v1/admin/conversations/{conversationId}/transcript", { path });
				toast({ text: t("transcriptSent") });
			} catch (reason) {
				toastError(reason);
			}
		},
		async remove() {
			await api.delete("/v1/admin/conversations/{conversationId}", { path });
		},
		async follow(following) {
			const data = latest.current;
			if (!data) return;
			set({ ...data, following });
			try {
				await api.put("/v1/admin/conversations/{conversationId}/following", {
					path,
					body: { following },
				});
				toast({ text: t(following ? "isFollowed" : "isUnfollowed") });
			} catch (reason) {
				set({ ...(latest.current ?? data), following: !following });
				toastError(reason);
			}
		},
		async addNote(text) {
			try {
				const body = { text, mentions: mentionedIn(text, people) };
				await api.post("/v1/admin/conversations/{conversationId}/notes", { path, body });
				void onNotes();
				return true;
			} catch (reason) {
				toastError(reason);
				return false;
			}
		},
		async removeNote(noteId) {
			await api.delete("/v1/admin/conversations/{conversationId}/notes/{noteId}", {
				path: { ...path, noteId },
			});
			await onNotes();
		},
	};
}
