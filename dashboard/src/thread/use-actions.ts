// What can be done with a conversation. Changes show at once and roll back with a message if the server refuses them.

import { useRef } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { Conversation, ConversationChange } from "../../../workerd/api/openapi/openapi";
import type { Client } from "../api/client";
import { type Data, useDesk } from "../api/desk";
import { ApiError } from "../api/errors";
import { answerPath } from "../paths";
import { useMe } from "../shell/me";
import { toast, toastError } from "../shell/toasts";
import { t as common } from "../text/common";
import { rememberOperatorName } from "./operator";
import { t } from "./texts";

export interface Actions {
	/** Settles with whether the server has it. */
	change(change: ConversationChange): Promise<boolean>;
	takeOver(name: string, isForced: boolean): Promise<void>;
	handBack(): Promise<void>;
	/** Asks first, elsewhere. */
	remove(): Promise<void>;
	addNote(text: string): Promise<boolean>;
	removeNote(noteId: string): Promise<void>;
	/** A draft of a reply and its question, or the answer that was made of it; opens in the knowledge. */
	makeAnswer(messageId: string): Promise<void>;
}

function shown(conversation: Conversation, change: ConversationChange): Conversation {
	const { read, addTags = [], removeTags = [], ...fields } = change;
	const tags = [...new Set([...conversation.tags, ...addTags])];
	return {
		...conversation,
		tags: tags.filter((tag) => !removeTags.includes(tag)),
		...fields,
		...(fields.state && { operator: null }),
		...(read && { unread: false }),
	};
}

async function takeOver(api: Client, id: string, name: string, force: boolean) {
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
	const { route } = useLocation();
	const { data: me } = useMe();
	/** The messages of which a draft is on its way. */
	const making = useRef(new Set<string>());
	const path = { conversationId: id };
	const { data, set, refresh } = conversation;

	/** The holder as the server says. */
	function hold(holder: Pick<Conversation, "state" | "operator">) {
		if (data) set({ ...data, state: holder.state, operator: holder.operator });
	}

	/** After a conversation was resolved, or opened again. */
	function offerUndo(before: Conversation, { state }: ConversationChange) {
		// A takeover has ended: the conversation is open again.
		const undone = before.state === "person" ? "open" : before.state;
		async function undo() {
			try {
				await api.put("/v1/admin/conversations/{conversationId}", {
					path,
					body: { state: undone },
				});
			} catch (reason) {
				toastError(reason);
			}
		}
		toast({
			text: common(state === "resolved" ? "wasResolved" : "wasReopened"),
			action: { text: common("undo"), run: () => void undo() },
		});
	}

	return {
		async change(change) {
			if (!data) return false;
			set(shown(data, change));
			try {
				const { conversation: next } = await api.put("/v1/admin/conversations/{conversationId}", {
					path,
					body: change,
				});
				// Page and context are only in the answer of a read.
				set({ ...shown(data, change), ...next });
				if (change.state !== undefined && change.state !== data.state)
					if (change.state === "resolved" || data.state === "resolved") offerUndo(data, change);
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
		},
		async takeOver(name, isForced) {
			rememberOperatorName(me, name);
			try {
				hold(await takeOver(api, id, name, isForced));
			} catch (reason) {
				const error = ApiError.from(reason);
				if (error.code !== "taken") {
					toastError(reason);
					return;
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
		async remove() {
			await api.delete("/v1/admin/conversations/{conversationId}", { path });
		},
		async addNote(text) {
			try {
				await api.post("/v1/admin/conversations/{conversationId}/notes", { path, body: { text } });
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
		async makeAnswer(messageId) {
			// One request is enough.
			if (making.current.has(messageId)) return;
			making.current.add(messageId);
			try {
				const answer = await api.post("/v1/admin/answers", {
					body: { conversation: id, message: messageId },
				});
				route(answerPath(answer.id));
			} catch (reason) {
				toastError(reason);
			} finally {
				making.current.delete(messageId);
			}
		},
	};
}
