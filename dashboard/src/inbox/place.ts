// What an address of the inbox shows: a view or a search on the left, perhaps a conversation on the right. A
// conversation's address names the list beside it, so that a reload shows the same.

import { conversationPath, searchPath } from "../paths";
import { parseView, type View } from "./views";

/** What selects replies alone; a search for them needs no words. */
const REPLY_FILTERS = ["rating", "status", "unanswered", "agentId"] as const;

/** As in the addresses; times are days such as 2025-06-18. */
export const FILTERS = [
	"q",
	"widgetId",
	"state",
	"tag",
	"contactId",
	"from",
	"to",
	...REPLY_FILTERS,
] as const;
export type Filters = Readonly<Partial<Record<(typeof FILTERS)[number], string>>>;

/** Whether there is something to search for. */
export const isSearchable = (filters: Filters): boolean =>
	Boolean(filters.q?.trim()) || REPLY_FILTERS.some((name) => filters[name]);

/** Searches for the replies that a team looks at to improve them. */
export const REVIEWS = {
	badRatings: { rating: "down" },
	brokenOff: { status: "interrupted" },
	unanswered: { unanswered: "true" },
} as const satisfies Record<string, Filters>;
export type Review = keyof typeof REVIEWS;

/** The one that the filters are. */
export function reviewOf(filters: Filters | null): Review | null {
	const text = JSON.stringify(filters);
	const names = Object.keys(REVIEWS) as Review[];
	return names.find((name) => JSON.stringify(REVIEWS[name]) === text) ?? null;
}

export interface Place {
	readonly view: View;
	/** null: the list shows the view. */
	readonly filters: Filters | null;
	/** The list shows the notes that mention the user. */
	readonly isMentions?: boolean;
}

/** Whether the list is that of a view. */
export const showsView = (place: Place): boolean => !place.filters && !place.isMentions;

const LAST_VIEW = "banter:view";

/** The view that was last selected on this device. */
function lastView(): View {
	try {
		return parseView(localStorage.getItem(LAST_VIEW)) ?? "all";
	} catch {
		return "all";
	}
}

export function rememberView(view: View): void {
	try {
		localStorage.setItem(LAST_VIEW, view);
	} catch {
		// Private windows may have no storage.
	}
}

export function placeOf(path: string, query: Readonly<Record<string, string>>): Place {
	const isSearch = path === "/search" || query.q !== undefined;
	return {
		view: parseView(query.view) ?? lastView(),
		filters: isSearch
			? Object.fromEntries(FILTERS.flatMap((name) => (query[name] ? [[name, query[name]]] : [])))
			: null,
		...(!isSearch && query.view === "mentions" && { isMentions: true }),
	};
}

export const MENTIONS_PATH = "/?view=mentions";

export function listPath({ view, filters, isMentions }: Place): string {
	if (isMentions) return MENTIONS_PATH;
	return filters ? searchPath(filters) : `/?${new URLSearchParams({ view })}`;
}

export function openPath(place: Place, id: string, message?: string): string {
	const path = conversationPath(id, message);
	const list = listPath(place);
	return `${path}${path.includes("?") ? "&" : "?"}${list.slice(list.indexOf("?") + 1)}`;
}
