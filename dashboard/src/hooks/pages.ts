// A list that grows page by page while its beginning is loaded again.

export interface Page<T> {
	readonly items: readonly T[];
	/** Selects what follows; null: nothing does. */
	readonly next: string | null;
}

/** What is known of the list. */
export interface Pages<T> extends Page<T> {
	/** The first page as it was when it was last taken in. */
	readonly first: Page<T> | null;
}

export const NO_PAGES: Pages<never> = { items: [], next: null, first: null };

interface Order<T> {
	idOf(item: T): string;
	/** Whether `item` comes later in the list than `other`. */
	isAfter(item: T, other: T): boolean;
}

/**
 * The first page again: its items, then those known from later in the list. An item that was in the first page and is not
 * any more was either pushed out at its end, or deleted; where it stands in the order tells which.
 */
export function withFirst<T>(known: Pages<T>, first: Page<T>, order: Order<T>): Pages<T> {
	const last = first.items[first.items.length - 1];
	// The list is shorter than a page.
	if (first.next === null || last === undefined) return { ...first, first };
	const ids = new Set(first.items.map(order.idOf));
	// Too much has come meanwhile: what stands between is not known.
	if (!known.items.some((item) => ids.has(order.idOf(item)))) return { ...first, first };
	const later = known.items.filter(
		(item) => !ids.has(order.idOf(item)) && order.isAfter(item, last),
	);
	const next = later.length > 0 ? known.next : first.next;
	return { items: [...first.items, ...later], next, first };
}

export function withNext<T>(known: Pages<T>, page: Page<T>, order: Order<T>): Pages<T> {
	const ids = new Set(known.items.map(order.idOf));
	const added = page.items.filter((item) => !ids.has(order.idOf(item)));
	return { ...known, items: [...known.items, ...added], next: page.next };
}
