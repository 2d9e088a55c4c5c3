// The snippets and tags of the organization, all of them, by name.

import type { Snippet, Tag } from "../../../workerd/api/openapi/openapi";
import { allPages } from "../api/all-pages";
import { type Data, useData } from "../api/desk";

const PAGE = 200;
const from = (cursor: string | undefined) => ({
	limit: PAGE,
	...(cursor !== undefined && { cursor }),
});

const byName = (one: { readonly name: string }, other: { readonly name: string }) =>
	one.name.localeCompare(other.name);

export function useSnippets(): Data<readonly Snippet[]> {
	return useData<readonly Snippet[]>("all snippets", (api) => ({
		async load(signal) {
			const pages = await allPages((cursor) =>
				api.get("/v1/admin/snippets", { query: from(cursor), signal }),
			);
			return { data: pages.flatMap((page) => page.snippets).sort(byName), etag: undefined };
		},
		kinds: ["snippet"],
	}));
}

export function useTags(): Data<readonly Tag[]> {
	return useData<readonly Tag[]>("all tags", (api) => ({
		async load(signal) {
			const pages = await allPages((cursor) =>
				api.get("/v1/admin/tags", { query: from(cursor), signal }),
			);
			return { data: pages.flatMap((page) => page.tags).sort(byName), etag: undefined };
		},
		kinds: ["tag"],
	}));
}
