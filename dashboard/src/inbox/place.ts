// What an address of the inbox shows: a view or a search on the left, perhaps a conversation on the right. A
// conversation's address names the list beside it, so that a reload shows the same.

import { conversationPath } from "../paths";
import { parseView, type View } from "./views";

/** As in the addresses; times are days such as 2025-06-18. */
export const FILTERS = ["q", "widgetId", "state", "tag", "contactId", "from", "to"] as const;
export type Filters = Readonly<Partial<Record<(typeof FILTERS)[number], string>>>;

export interface Place {
	readonly view: View;
	/** null: the list shows the view. */
	readonly filters: Filters | null;
}

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
	};
}

function queryText({ view, filters }: Place): string {
	const query = new URLSearchParams(filters ? { q: "", ...filters } : { view });
	return query.toString();
}

export function listPath(place: Place): string {
	return place.filters ? `/search?${queryText(place)}` : `/?${queryText(place)}`;
}

export function openPath(place: Place, id: string, message?: string): string {
	const path = conversationPath(id, message);
	return `${path}${path.includes("?") ? "&" : "?"}${queryText(place)}`;
}
