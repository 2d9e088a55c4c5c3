// Groups a thread by days, and in each day the consecutive messages and notes of one person.

import type { Note } from "../../../workerd/api/openapi/openapi";
import { isSameDay } from "../text/time";
import type { Item, Role } from "./item";
import type { Span } from "./span";

export type Entry =
	| { readonly kind: "message"; readonly at: number; readonly item: Item }
	| { readonly kind: "note"; readonly at: number; readonly note: Note };

export interface Group {
	/** The id of its first entry. */
	readonly key: string;
	readonly who: Role | "note";
	/** The id of the user or the key; null: the visitor, the model, or not known. */
	readonly by: string | null;
	/** null: the visitor, the model, or somebody without a name. */
	readonly name: string | null;
	readonly entries: readonly Entry[];
}

export interface Day {
	/** The time of its first entry. */
	readonly at: number;
	readonly groups: readonly Group[];
}

/** A longer pause begins a new group, so that its time shows. */
const PAUSE_MS = 5 * 60_000;

const idOf = (entry: Entry): string => (entry.kind === "note" ? entry.note.id : entry.item.id);

/** Notes stand where they were written; those outside of the part that is shown wait. */
export function entriesOf(span: Span, notes: readonly Note[]): Entry[] {
	const first = span.items[0]?.at ?? 0;
	const last = span.items[span.items.length - 1]?.at ?? 0;
	const waiting = notes
		.filter(({ createdAt }) => span.previous === null || createdAt >= first)
		.filter(({ createdAt }) => span.next === null || createdAt <= last)
		.sort((a, b) => a.createdAt - b.createdAt);
	const entries: Entry[] = [];
	const noteUpTo = (at: number) => {
		for (let note = waiting[0]; note && note.createdAt < at; note = waiting[0]) {
			entries.push({ kind: "note", at: note.createdAt, note });
			waiting.shift();
		}
	};
	for (const item of span.items) {
		noteUpTo(item.at);
		entries.push({ kind: "message", at: item.at, item });
	}
	noteUpTo(Number.POSITIVE_INFINITY);
	return entries;
}

function authorOf(entry: Entry): Pick<Group, "who" | "by" | "name"> {
	if (entry.kind === "note") {
		const { author, authorName } = entry.note;
		return { who: "note", by: author, name: authorName };
	}
	const { role, author } = entry.item;
	return { who: role, by: author?.id ?? null, name: author?.name ?? null };
}

export function daysOf(entries: readonly Entry[]): Day[] {
	const days: Array<{ at: number; groups: Group[] }> = [];
	let previous: Entry | null = null;
	for (const entry of entries) {
		let day = days[days.length - 1];
		// A clock that was set back does not begin a day again.
		if (!day || (entry.at > day.at && !isSameDay(day.at, entry.at))) {
			day = { at: entry.at, groups: [] };
			days.push(day);
			previous = null;
		}
		const { who, by, name } = authorOf(entry);
		const group = day.groups[day.groups.length - 1];
		const isSoon = previous !== null && entry.at - previous.at < PAUSE_MS;
		if (group && isSoon && group.who === who && group.by === by && group.name === name)
			day.groups[day.groups.length - 1] = { ...group, entries: [...group.entries, entry] };
		else day.groups.push({ key: idOf(entry), who, by, name, entries: [entry] });
		previous = entry;
	}
	return days;
}
