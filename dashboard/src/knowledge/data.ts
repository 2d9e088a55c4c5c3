// What the pages of knowledge/ load.

import type {
	Answer,
	GapList,
	Source,
	SourcePage,
	SourcePageText,
} from "../../../workerd/api/openapi/openapi";
import { type Data, useData } from "../api/desk";
import { type EndlessList, usePages } from "../hooks/use-pages";

const PAGE = 50;
/** The server takes no more at a time. */
const PAGE_MAX = 200;
/** A crawl changes many pages a second: they cause one request in this time. */
const CALM_MS = 1_500;
/** A search reads many pages of the list. */
const SEARCH_CALM_MS = 5_000;
/** A search may have empty pages before those with matches; so many are read at once. */
const SEARCH_PAGES = 20;

export function useSource(id: string): Data<Source> {
	return useData(`source ${id}`, (api) => ({
		load: (signal) => api.read("/v1/admin/sources/{sourceId}", { path: { sourceId: id }, signal }),
		// Pages change the counts.
		kinds: ["source", "page"],
		isAffected: (change) => change.id === id || change.sourceId === id,
		calmMs: CALM_MS,
	}));
}

export type PageState = SourcePage["state"];

/** In the order in which they were found. `state`: null: all. */
export function useSourcePages(
	sourceId: string,
	state: PageState | null,
	search: string,
): EndlessList<SourcePage> {
	const q = search.trim();
	return usePages<SourcePage>(`pages of ${sourceId} ${state} ${q}`, {
		async load(api, from, signal, shown) {
			const limit = from === undefined ? Math.min(Math.max(shown, PAGE), PAGE_MAX) : PAGE;
			let cursor = from ?? null;
			for (let i = 0; ; i++) {
				const { pages, nextCursor } = await api.get("/v1/admin/sources/{sourceId}/pages", {
					path: { sourceId },
					query: {
						limit,
						...(state !== null && { state }),
						...(q !== "" && { q }),
						...(cursor !== null && { cursor }),
					},
					signal,
				});
				cursor = nextCursor;
				if (pages.length > 0 || cursor === null || i >= SEARCH_PAGES)
					return { items: pages, next: cursor };
			}
		},
		kinds: ["page"],
		isAffected: (change) => change.sourceId === sourceId,
		calmMs: q === "" ? CALM_MS : SEARCH_CALM_MS,
		idOf: (page) => page.id,
		isAfter: (item, other) => item.id > other.id,
	});
}

/** A page with its text. */
export function usePageText(sourceId: string, pageId: string): Data<SourcePageText> {
	return useData(`text of ${pageId}`, (api) => ({
		load: (signal) =>
			api.read("/v1/admin/sources/{sourceId}/pages/{pageId}", {
				path: { sourceId, pageId },
				signal,
			}),
		kinds: ["page"],
		isAffected: (change) => change.id === pageId,
	}));
}

/** Newest first. */
export function useAnswers(): EndlessList<Answer> {
	return usePages<Answer>("answers", {
		async load(api, cursor, signal) {
			const { answers, nextCursor } = await api.get("/v1/admin/answers", {
				query: { limit: PAGE, ...(cursor !== undefined && { cursor }) },
				signal,
			});
			return { items: answers, next: nextCursor };
		},
		kinds: ["answer"],
		idOf: (answer) => answer.id,
		isAfter: (item, other) => item.id < other.id,
	});
}

/** How many groups of similar open questions there are. */
export function useQuestionCount(): number {
	const { data } = useData("open questions, counted", (api) => ({
		async load(signal) {
			// Without the questions, which may be thousands.
			const { data, etag } = await api.read("/v1/admin/gaps", { query: { limit: 1 }, signal });
			return { data: data.clusterTotal, etag };
		},
		kinds: ["gap"],
		calmMs: CALM_MS,
	}));
	return data ?? 0;
}

export function useQuestions(): Data<GapList> {
	return useData("open questions", (api) => ({
		load: (signal) => api.read("/v1/admin/gaps", { signal }),
		kinds: ["gap"],
		calmMs: CALM_MS,
	}));
}
