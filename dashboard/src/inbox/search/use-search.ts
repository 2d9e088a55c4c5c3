// The results of a search, page by page.

import { useEffect, useState } from "preact/hooks";
import type { SearchResult } from "../../../../workerd/api/openapi/openapi";
import { useDesk } from "../../api/desk";
import { ApiError } from "../../api/errors";
import { type Filters, isSearchable } from "../place";

const PAGE = 30;

interface Found {
	readonly results: readonly SearchResult[];
	readonly cursor: string | null;
	readonly error: ApiError | null;
	readonly isLoading: boolean;
}

interface Search extends Found {
	load(cursor: string, signal: AbortSignal): void;
	retry(): Promise<void>;
}

/** The beginning of a day, such as 2025-06-18, or of one after it, in the user's time zone: not each has 24 hours. */
function dayStart(day: string | undefined, later = 0): number | undefined {
	if (day === undefined) return undefined;
	const date = new Date(`${day}T00:00`);
	const at = date.setDate(date.getDate() + later);
	return Number.isNaN(at) ? undefined : at;
}

/** As the API takes it: `to` is a time before which something was written. */
export function searchQuery(filters: Filters) {
	const { q, from, to, state, rating, status, unanswered, ...ids } = filters;
	const since = dayStart(from);
	const until = dayStart(to, 1);
	return {
		...ids,
		...(q?.trim() && { q }),
		...(isState(state) && { state }),
		...(isRating(rating) && { rating }),
		...(isStatus(status) && { status }),
		...(isUnanswered(unanswered) && { unanswered }),
		...(since !== undefined && { from: since }),
		...(until !== undefined && { to: until }),
	};
}

/** Tells one of these names from what may stand in an address. */
const oneOf =
	<T extends string>(...names: T[]) =>
	(text: string | undefined): text is T =>
		names.some((name) => name === text);
const isState = oneOf("open", "waiting", "person", "resolved");
const isRating = oneOf("up", "down");
const isUnanswered = oneOf("true");
const isStatus = oneOf("stopped", "interrupted", "length", "filtered");

const NOTHING: Found = { results: [], cursor: null, error: null, isLoading: true };

export function useSearch(filters: Filters): Search {
	const { api } = useDesk();
	const [found, setFound] = useState(NOTHING);
	const key = JSON.stringify(filters);

	async function ask(cursor: string | null, signal?: AbortSignal): Promise<void> {
		try {
			const query = { ...searchQuery(filters), limit: PAGE, ...(cursor !== null && { cursor }) };
			const { results, nextCursor } = await api.get("/v1/admin/search", { query, signal });
			if (signal?.aborted) return;
			setFound((before) => ({
				results: cursor === null ? results : [...before.results, ...results],
				cursor: nextCursor,
				error: null,
				isLoading: false,
			}));
		} catch (reason) {
			if (signal?.aborted) return;
			const error = ApiError.from(reason);
			setFound((before) => ({
				...(cursor === null ? NOTHING : before),
				error,
				isLoading: false,
			}));
		}
	}

	useEffect(() => {
		if (!isSearchable(filters)) return;
		const abort = new AbortController();
		// The results of before stay while the next ones come.
		void ask(null, abort.signal);
		return () => abort.abort();
	}, [key]);

	return {
		...found,
		load: (cursor, signal) => void ask(cursor, signal),
		retry: () => ask(found.results.length > 0 ? found.cursor : null),
	};
}
