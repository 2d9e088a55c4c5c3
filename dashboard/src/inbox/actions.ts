// What an operator does with a conversation of the list: shown at once, taken back with a message if the server refuses.

import { toast, toastError } from "../shell/toasts";
import { t as common } from "../text/common";
import type { ConversationList } from "./conversation-list";
import { t } from "./texts";

export interface Actions {
	/** Resolves the conversation, or opens a resolved one again. */
	toggleResolved(id: string): Promise<void>;
	/** `name`: what the person is called; null for both: nobody. */
	assign(id: string, person: string | null, name: string | null): Promise<void>;
	markAllRead(): Promise<void>;
}

export function createActions(list: ConversationList): Actions {
	/** Reports failures. */
	async function attempt(run: () => Promise<void>): Promise<void> {
		try {
			await run();
		} catch (reason) {
			toastError(reason);
		}
	}

	return {
		toggleResolved: (id) =>
			attempt(async () => {
				// A known row changes at once; the list may also not have the conversation.
				const row = list.rows.get(id) ?? (await list.read(id));
				const isResolved = row.state === "resolved";
				await list.change(row, { state: isResolved ? "open" : "resolved" });
				// A takeover has ended: the conversation is open again.
				const before = row.state === "person" ? "open" : row.state;
				toast({
					text: common(isResolved ? "wasReopened" : "wasResolved"),
					action: {
						text: common("undo"),
						run: () =>
							void attempt(async () => list.change(await list.read(id), { state: before })),
					},
				});
			}),
		assign: (id, person, name) =>
			attempt(async () => {
				const row = list.rows.get(id) ?? (await list.read(id));
				await list.change(row, { assignedTo: person });
				toast({ text: name === null ? t("wasUnassigned") : t("wasAssigned", { name }) });
			}),
		markAllRead: () =>
			attempt(async () => {
				await list.markAllRead();
				toast({ text: t("markedAllRead") });
			}),
	};
}
