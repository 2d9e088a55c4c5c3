// The loaded rows of a list: a part of it without holes, newest activity first, as the server sorts it, or all of those
// that wait, the longest wait first. `older` and `newer` are the cursors of what follows at its ends.

import type { Conversation, ConversationList } from "../../../workerd/api/openapi/openapi";

type Page = Pick<ConversationList, "conversations" | "nextCursor" | "previousCursor">;

type Order = (a: Conversation, b: Conversation) => number;

const byId: Order = (a, b) => (a._id < b._id ? -1 : a._id > b._id ? 1 : 0);

/** The server's order: by the last activity, then by id. */
export const byActivity: Order = (a, b) => b.updatedAt - a.updatedAt || byId(a, b);

export const byWait: Order = (a, b) => (a.waitingSince ?? 0) - (b.waitingSince ?? 0) || byId(a, b);

export class Rows {
	/** Changed in place. */
	readonly all: Conversation[] = [];
	/** null: the last row is the oldest. */
	older: string | null = null;
	/** null: the first row is the newest. */
	newer: string | null = null;
	private readonly byId = new Map<string, Conversation>();

	constructor(private readonly compare: Order = byActivity) {}

	get(id: string): Conversation | undefined {
		return this.byId.get(id);
	}

	/** -1: not loaded. */
	indexOf(id: string): number {
		const row = this.byId.get(id);
		return row ? this.positionOf(row) : -1;
	}

	replace(page: Page): void {
		this.all.length = 0;
		this.byId.clear();
		this.newer = page.previousCursor;
		this.append(page);
	}

	/** Rows that moved up meanwhile are there already. */
	append(page: Page): void {
		const rows = this.unknown(page);
		this.all.push(...rows);
		this.older = page.nextCursor;
	}

	prepend(page: Page): void {
		this.all.unshift(...this.unknown(page));
		this.newer = page.previousCursor;
	}

	private unknown({ conversations }: Page): Conversation[] {
		const rows = conversations.filter(({ _id }) => !this.byId.has(_id));
		for (const row of rows) this.byId.set(row._id, row);
		return rows;
	}

	/** The row as it is now. One that lies beyond an end will come with the page there. */
	put(row: Conversation): void {
		this.remove(row._id);
		const position = this.positionOf(row);
		if (position === 0 && this.newer !== null) return;
		if (position === this.all.length && this.older !== null) return;
		this.all.splice(position, 0, row);
		this.byId.set(row._id, row);
	}

	remove(id: string): void {
		const known = this.byId.get(id);
		if (!known) return;
		this.all.splice(this.positionOf(known), 1);
		this.byId.delete(id);
	}

	/** Changes all rows, without moving them. */
	map(change: (row: Conversation) => Conversation): void {
		for (const [i, row] of this.all.entries()) {
			const next = change(row);
			this.all[i] = next;
			this.byId.set(next._id, next);
		}
	}

	/** Where the row is, or would be. */
	private positionOf(row: Conversation): number {
		let low = 0;
		let high = this.all.length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			const other = this.all[middle];
			if (other && this.compare(other, row) < 0) low = middle + 1;
			else high = middle;
		}
		return low;
	}
}
