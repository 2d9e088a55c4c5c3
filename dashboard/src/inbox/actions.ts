// What an operator does with a conversation of the list: shown at once, taken back with a message if the server refuses.

import { rememberState } from "../shell/resolving";
import { toast, toastError } from "../shell/toasts";
import { t as common } from "../text/common";
import type { ConversationList } from "./conversation-list";
import { t } from "./texts";

export interface Actions {
	/** Resolves the conversation, or opens a resolved one again. */
	toggleResolved(id: string): Promise<unknown>;
	/** null: to nobody. Settles with whether the server has it. */
	assign(id: string, person: string | null): Promise<boolean>;
	markAllRead(): Promise<unknown>;
}

export function createActions(list: ConversationList): Actions {
	/** Reports failures; settles with whether there was none. */
	async function attempt(run: () => Promise<void>): Promise<boolean> {
		try {
			await run();
			return true;
		} catch (reason) {
			toastError(reason);
			return false;
		}
	}

	return {
		toggleResolved: (id) =>
			attempt(async () => {
				// A known row changes at once; the list may also not have the conversation.
				const row = list.rows.get(id) ?? (await list.read(id));
				const isResolved = row.state === "resolved";
				if (isResolved) await list.reopen(id);
				else {
					rememberState(id, row);
					await list.change(row, { state: "resolved" });
				}
				toast({
					text: common(isResolved ? "wasReopened" : "wasResolved"),
					action: {
						text: common("undo"),
						run: () =>
							void attempt(() =>
								isResolved ? list.change(row, { state: "resolved" }) : list.reopen(id),
							),
					},
				});
			}),
		assign: (id, person) =>
			attempt(async () => {
				const row = list.rows.get(id) ?? (await list.read(id));
				await list.change(row, { assignedTo: person });
			}),
		markAllRead: () =>
			attempt(async () => {
				await list.markAllRead();
				toast({ text: t("markedAllRead") });
			}),
	};
}
