// The conversations of a list that are chosen, for what is done with many at once.

import type { Conversation } from "../../../workerd/api/openapi/openapi";
import type { Rows } from "./rows";

/** The server takes no more in one request. */
export const CHOSEN_MAX = 1_000;

export class Chosen {
	private readonly ids = new Set<string>();
	/** Where a range begins: the row that was chosen last. */
	private anchor: string | null = null;

	constructor(
		private readonly rows: Rows,
		private readonly changed: () => void,
	) {}

	has(id: string): boolean {
		return this.ids.has(id);
	}

	/** As they are now, in the order of the list; those that have left it count no more. */
	all(): Conversation[] {
		return this.ids.size === 0 ? [] : this.rows.all.filter(({ _id }) => this.ids.has(_id));
	}

	toggle(id: string): void {
		if (!this.ids.delete(id)) this.add([id]);
		this.anchor = id;
		this.changed();
	}

	/** All rows from the one that was chosen last to this one; `from`: if none was. */
	extend(id: string, from: string | null): void {
		const to = this.rows.indexOf(id);
		const known = [this.anchor, from].map((one) => (one === null ? -1 : this.rows.indexOf(one)));
		const start = known.find((index) => index >= 0) ?? to;
		if (to < 0) return;
		this.anchor = this.rows.all[start]?._id ?? id;
		const range = this.rows.all.slice(Math.min(start, to), Math.max(start, to) + 1);
		this.add((start > to ? range.reverse() : range).map(({ _id }) => _id));
		this.changed();
	}

	/** All that are loaded, or as many as the server takes. */
	everything(): void {
		this.ids.clear();
		this.add(this.rows.all.map(({ _id }) => _id));
		this.changed();
	}

	clear(): void {
		this.ids.clear();
		this.anchor = null;
		this.changed();
	}

	/** Rows that have left the list leave room. */
	private add(ids: readonly string[]): void {
		for (const id of this.ids) if (this.rows.indexOf(id) < 0) this.ids.delete(id);
		for (const id of ids) if (this.ids.size < CHOSEN_MAX) this.ids.add(id);
	}
}
