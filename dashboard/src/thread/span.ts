// The part of a conversation that the page has: messages without a gap, oldest first. It grows at both ends page by
// page, and at its newest end by the events of the conversation.

import type { LiveEvent, Message, Thread } from "../../../workerd/api/openapi/openapi";
import { type Item, itemOf, itemOfLive, runningItem, sourcesOf } from "./item";

export interface Span {
	readonly items: readonly Item[];
	/** Selects the messages before; null: the conversation begins here. */
	readonly previous: string | null;
	/** Selects the messages behind; null: these are the newest ones. */
	readonly next: string | null;
	/** What has arrived meanwhile and does not follow on the last item. */
	readonly tail: readonly Item[];
}

type Page = Pick<Thread, "messages" | "previousCursor" | "nextCursor" | "active">;

const idsOf = (items: readonly Item[]): Set<string> => new Set(items.map(({ id }) => id));

/** An item by its id, in place of the one that is there. Newest first, because changes concern new items. */
function replaced(
	items: readonly Item[],
	id: string,
	change: (item: Item) => Item,
): readonly Item[] | null {
	for (let i = items.length - 1; i >= 0; i--) {
		const item = items[i];
		if (item?.id === id) return [...items.slice(0, i), change(item), ...items.slice(i + 1)];
	}
	return null;
}

/** Changes an item, or adds it as the newest one. */
function upsert(span: Span, id: string, change: (item: Item | null) => Item | null): Span {
	const keep = (item: Item) => change(item) ?? item;
	const items = replaced(span.items, id, keep);
	if (items) return { ...span, items };
	const tail = replaced(span.tail, id, keep);
	if (tail) return { ...span, tail };
	const added = change(null);
	if (!added) return span;
	return span.next === null
		? { ...span, items: [...span.items, added] }
		: { ...span, tail: [...span.tail, added] };
}

/** A running reply that the server has not stored yet is known only by its id. */
function itemsOf({ messages, active }: Page, now: number): Item[] {
	const items = messages.map(itemOf);
	if (!active) return items;
	const at = items.findIndex(({ id }) => id === active);
	const known = items[at];
	if (known) items[at] = { ...known, status: "running" };
	else items.push(runningItem(active, now));
	return items;
}

export function spanOf(page: Page, now: number): Span {
	const next = page.nextCursor ?? null;
	const items = next === null ? itemsOf(page, now) : page.messages.map(itemOf);
	return { items, previous: page.previousCursor ?? null, next, tail: [] };
}

export function withOlder(span: Span, page: Page): Span {
	const known = idsOf(span.items);
	const older = page.messages.map(itemOf).filter(({ id }) => !known.has(id));
	return { ...span, items: [...older, ...span.items], previous: page.previousCursor ?? null };
}

export function withNewer(span: Span, page: Page, now: number): Span {
	const next = page.nextCursor ?? null;
	const known = idsOf(span.items);
	const newer = (next === null ? itemsOf(page, now) : page.messages.map(itemOf)).filter(
		({ id }) => !known.has(id),
	);
	if (next !== null) return { ...span, items: [...span.items, ...newer], next };
	const arrived = idsOf([...span.items, ...newer]);
	const behind = span.tail.filter(({ id }) => !arrived.has(id));
	return { ...span, items: [...span.items, ...newer, ...behind], next, tail: [] };
}

/** The text that has arrived is kept if the page has less of it: it was read before. */
function newerOf(mine: Item | undefined, read: Item): Item {
	if (!mine) return read;
	if (mine.status === "running" && read.status === "running") return mine;
	return read;
}

/** Joins the newest page, read again because events may have been missed. */
export function withNewest(span: Span, page: Page, now: number): Span {
	if (span.next !== null) return span;
	const read = itemsOf(page, now);
	const ids = idsOf(read);
	const mine = new Map(span.items.map((item) => [item.id, item]));
	const begin = span.items.findIndex(({ id }) => ids.has(id));
	const isWhole = !page.previousCursor;
	// Too much has happened: the messages between are not known.
	if (begin === -1 && !isWhole && span.items.length > 0) return spanOf(page, now);
	const before = begin === -1 ? [] : span.items.slice(0, begin);
	const last = read[read.length - 1];
	const isBehind = (item: Item) => !ids.has(item.id) && (!last || item.at >= last.at);
	const behind = (begin === -1 ? span.items : span.items.slice(begin)).filter(isBehind);
	const joined = read.map((item) => newerOf(mine.get(item.id), item));
	return {
		...span,
		items: [...before, ...joined, ...behind],
		previous: before.length > 0 ? span.previous : (page.previousCursor ?? null),
	};
}

/** A message that was read or written by itself. */
export function withMessage(span: Span, message: Message): Span {
	return upsert(span, message._id, () => itemOf(message));
}

/** An event of the conversation. Events that concern no message change nothing. */
export function withEvent(span: Span, event: LiveEvent, now: number): Span {
	switch (event.type) {
		case "message":
			return upsert(span, event.id, (old) => {
				const item = itemOfLive(event);
				if (!old) return item;
				const { model, rating, receipt } = old;
				return { ...item, model, rating, receipt };
			});
		case "start":
			return upsert(span, event.messageId, (old) => {
				const item = old ?? runningItem(event.messageId, now);
				const text = item.text.slice(0, event.position);
				return { ...item, status: "running", text, receipt: undefined };
			});
		case "token":
			return upsert(
				span,
				event.messageId,
				(old) => old && { ...old, text: old.text + event.token },
			);
		case "done":
			return upsert(span, event.messageId, (old) => ({
				...(old ?? runningItem(event.messageId, now)),
				text: event.message,
				status: event.status,
				sources: sourcesOf(event),
			}));
		default:
			return span;
	}
}
