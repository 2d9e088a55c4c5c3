// What an operator does with a conversation of the list: shown at once, taken back with a message if the server refuses.

import type { Conversation } from "../../../workerd/api/openapi/openapi";
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
	/** The row, or a conversation that the list does not have. */
	const find = async (id: string): Promise<Conversation> =>
		list.rows.get(id) ?? (await list.read(id));

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
				const row = await find(id);
				const isResolved = row.state === "resolved";
				await list.change(row, { state: isResolved ? "open" : "resolved" });
				// A takeover has ended: the conversation is open again.
				const before = row.state === "person" ? "open" : row.state;
				toast({
					text: t(isResolved ? "wasReopened" : "wasResolved"),
					action: {
						text: common("undo"),
						run: () => void attempt(async () => list.change(await find(id), { state: before })),
					},
				});
			}),
		assign: (id, person, name) =>
			attempt(async () => {
				await list.change(await find(id), { assignedTo: person });
				toast({ text: name === null ? t("wasUnassigned") : t("wasAssigned", { name }) });
			}),
		markAllRead: () =>
			attempt(async () => {
				await list.markAllRead();
				toast({ text: t("markedAllRead") });
			}),
	};
}
