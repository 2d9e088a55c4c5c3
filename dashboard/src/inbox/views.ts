// The views of the inbox: what the server is asked for, whether a conversation belongs to one, how many do. Only
// "resolved" contains resolved conversations, and only "snoozed" snoozed ones.

import type { Conversation, Counts, Me } from "../../../workerd/api/openapi/openapi";
import { isMine } from "../shell/mine";

const PLAIN = ["all", "waiting", "mine", "unassigned", "person", "snoozed", "resolved"] as const;
export type PlainView = (typeof PLAIN)[number];
export type View = PlainView | `widget:${string}` | `tag:${string}`;

export const PLAIN_VIEWS: readonly PlainView[] = PLAIN;
const UNRESOLVED = "open,waiting,person";

/** The view with this name in an address; null: there is none. */
export function parseView(name: string | null | undefined): View | null {
	if (!name) return null;
	return isPlain(name) || /^(widget|tag):[\w-]+$/.test(name) ? (name as View) : null;
}

export function isPlain(view: string): view is PlainView {
	return PLAIN.some((one) => one === view);
}

/** The id of a widget's or a tag's view. */
const idOf = (view: View): string => view.slice(view.indexOf(":") + 1);

interface Query {
	readonly state?: string;
	readonly assignedTo?: string;
	readonly widgetId?: string;
	readonly tag?: string;
	readonly snoozed?: "true";
}

export function queryOf(view: View): Query {
	switch (view) {
		case "all":
			return { state: UNRESOLVED };
		case "waiting":
		case "person":
		case "resolved":
			return { state: view };
		case "snoozed":
			return { snoozed: "true" };
		case "mine":
			return { state: UNRESOLVED, assignedTo: "me" };
		case "unassigned":
			return { state: UNRESOLVED, assignedTo: "nobody" };
		default:
			return view.startsWith("widget:")
				? { state: UNRESOLVED, widgetId: idOf(view) }
				: { state: UNRESOLVED, tag: idOf(view) };
	}
}

/** `me`: null: not known yet. */
export function isIn(view: View, row: Conversation, me: Me | null): boolean {
	if (row.state === "resolved") return view === "resolved";
	if (row.snoozed || view === "snoozed") return row.snoozed !== null && view === "snoozed";
	if (view === "waiting" || view === "person" || view === "resolved") return row.state === view;
	if (view === "all") return true;
	if (view === "mine") return isMine(me, row);
	if (view === "unassigned") return row.assignedTo === null;
	return view.startsWith("widget:")
		? row.widgetId === idOf(view)
		: row.tags.some((tag) => tag === idOf(view));
}

/** Of mentions, those that are unread. */
export function countOf(view: View | "mentions", counts: Counts): number {
	if (view === "mentions") return counts.mentions;
	if (view === "all") return counts.all - counts.resolved - counts.snoozed;
	if (isPlain(view)) return counts[view];
	const all = view.startsWith("widget:") ? counts.widgets : counts.tags;
	return all[idOf(view)] ?? 0;
}
