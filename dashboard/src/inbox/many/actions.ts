// What is done with many conversations: one request, shown at once, with a way back for ten seconds. Conversations that
// the server refuses are shown as before, and the reason of the first one is said.

import type {
	BulkResults,
	Conversation,
	ConversationBulk,
	ConversationChange,
} from "../../../../workerd/api/openapi/openapi";
import type { Client } from "../../api/client";
import { ApiError, type Reasons } from "../../api/errors";
import { rememberState } from "../../shell/resolving";
import { toast, toastError } from "../../shell/toasts";
import { t as common } from "../../text/common";
import { describe } from "../../text/describe";
import { type ConversationList, forgetDeleted, noteDeleted } from "../conversation-list";
import { t } from "./texts";

const PATH = "/v1/admin/conversations/bulk";
/** How long a way back is offered. The server deletes a moment later, so that an undo at the last moment counts. */
const UNDO_MS = 10_000;
const GRACE_MS = 2_000;

type Refused = BulkResults["results"][number];

function shown(row: Conversation, change: ConversationChange): Conversation {
	const { read, addTags = [], removeTags = [], ...fields } = change;
	const tags = [...new Set([...row.tags, ...addTags])];
	return {
		...row,
		tags: tags.filter((tag) => !removeTags.includes(tag)),
		...fields,
		...(fields.state && { operator: null }),
		...(fields.state === "resolved" && { snoozed: null }),
		...(read !== undefined && { unread: !read }),
	};
}

/** What takes a change of this row back; null: it has changed nothing that a change can take back. */
export function inverse(row: Conversation, change: ConversationChange): ConversationChange | null {
	const { state, assignedTo, snoozed, read, addTags = [], removeTags = [] } = change;
	const added = addTags.filter((tag) => !row.tags.includes(tag));
	const removed = removeTags.filter((tag) => row.tags.includes(tag));
	const back: ConversationChange = {
		// A takeover is taken back by another one.
		...(state !== undefined &&
			state !== row.state &&
			row.state !== "person" && { state: row.state }),
		...(assignedTo !== undefined &&
			assignedTo !== row.assignedTo && { assignedTo: row.assignedTo }),
		...((state === "resolved" || snoozed !== undefined) &&
			snoozed?.until !== row.snoozed?.until && { snoozed: row.snoozed }),
		...(added.length > 0 && { removeTags: added }),
		...(removed.length > 0 && { addTags: removed }),
		...(read !== undefined && read === row.unread && { read: !read }),
	};
	return Object.keys(back).length === 0 ? null : back;
}

/** The rows by what takes the change back: each group is one request. */
export function undoing(
	rows: readonly Conversation[],
	change: ConversationChange,
): Array<{ readonly change: ConversationChange; readonly rows: Conversation[] }> {
	const groups = new Map<string, { change: ConversationChange; rows: Conversation[] }>();
	for (const row of rows) {
		const back = inverse(row, change);
		if (!back) continue;
		const key = JSON.stringify(back);
		const group = groups.get(key) ?? { change: back, rows: [] };
		group.rows.push(row);
		groups.set(key, group);
	}
	return [...groups.values()];
}

async function sayRefused(api: Client, refused: readonly Refused[]): Promise<void> {
	const [first] = refused;
	if (!first) return;
	const { status, code = "", error = "" } = first;
	// The code of a 422 is that of a field's reason.
	const reasons = { it: { code } } as unknown as Reasons;
	const details = status === 422 ? { fields: { it: error }, reasons } : { code };
	const why = await api.explain(new ApiError("refused", status, error, details), PATH);
	const reason = why.fields.it ?? describe(why);
	toast({ text: t("refused", { count: refused.length, reason }), isBad: true });
}

const idsOf = (rows: readonly Conversation[]) => rows.map(({ _id }) => _id);

export function createManyActions(list: ConversationList, api: Client) {
	/** Sends it for these rows, which are shown as `as` says. Settles with the rows that have changed. */
	async function send(
		rows: readonly Conversation[],
		body: Omit<ConversationBulk, "ids">,
		as: (row: Conversation) => Conversation | null,
	): Promise<{ readonly done: Conversation[]; readonly answer: BulkResults }> {
		let answer: BulkResults = { results: [] };
		const refused = await list.changeMany(rows, as, async () => {
			answer = await api.post(PATH, { body: { ...body, ids: idsOf(rows) } });
			return new Set(answer.results.filter(({ status }) => status !== 200).map(({ id }) => id));
		});
		void sayRefused(
			api,
			answer.results.filter(({ id }) => refused.has(id)),
		);
		return { done: rows.filter(({ _id }) => !refused.has(_id)), answer };
	}

	/** Reports failures. */
	async function attempt(run: () => Promise<void>): Promise<void> {
		try {
			await run();
		} catch (reason) {
			toastError(reason);
		}
	}

	async function undo(rows: readonly Conversation[], change: ConversationChange): Promise<void> {
		for (const group of undoing(rows, change))
			await send(group.rows, { change: group.change }, (row) => shown(row, group.change));
		const held = change.state === undefined ? [] : rows.filter(({ state }) => state === "person");
		for (const { _id } of held) await list.reopen(_id);
	}

	return {
		change: (rows: readonly Conversation[], change: ConversationChange, text: string) =>
			attempt(async () => {
				if (change.state === "resolved") for (const row of rows) rememberState(row._id, row);
				const { done } = await send(rows, { change }, (row) => shown(row, change));
				if (done.length === 0) return;
				toast({
					text,
					forMs: UNDO_MS,
					action: { text: common("undo"), run: () => void attempt(() => undo(done, change)) },
				});
			}),
		remove: (rows: readonly Conversation[]) =>
			attempt(async () => {
				noteDeleted(idsOf(rows));
				const body = { delete: true, undoMs: UNDO_MS + GRACE_MS };
				const { done, answer } = await send(rows, body, () => null).catch((reason: unknown) => {
					forgetDeleted(idsOf(rows));
					throw reason;
				});
				forgetDeleted(idsOf(rows.filter((row) => !done.includes(row))));
				const keep = answer.undoUntil;
				if (done.length === 0 || keep === undefined) return;
				const back = async () => {
					forgetDeleted(idsOf(done));
					await send(done, { keep }, (row) => row);
				};
				toast({
					text: t("deleted", { count: done.length }),
					forMs: UNDO_MS,
					action: { text: common("undo"), run: () => void attempt(back) },
				});
			}),
		/** Saves a file. */
		export: (rows: readonly Conversation[], format: "json" | "text") =>
			attempt(async () => {
				const body = { ids: idsOf(rows), format };
				const response = await api.stream("/v1/admin/conversations/export", { body });
				const url = URL.createObjectURL(await response.blob());
				const link = document.createElement("a");
				link.href = url;
				link.download = format === "json" ? "conversations.json" : "conversations.txt";
				link.click();
				setTimeout(() => URL.revokeObjectURL(url));
			}),
	};
}
