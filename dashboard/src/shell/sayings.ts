// The snippets and tags of the organization, all of them, by name.

import type { Snippet, Tag } from "../../../workerd/api/openapi/openapi";
import { allItems } from "../api/all-pages";
import { type Data, useData } from "../api/desk";

const byName = (one: { readonly name: string }, other: { readonly name: string }) =>
	one.name.localeCompare(other.name);

export function useSnippets(): Data<readonly Snippet[]> {
	return useData<readonly Snippet[]>("all snippets", (api) => ({
		async load(signal) {
			const { data } = await allItems(
				(query) => api.get("/v1/admin/snippets", { query, signal }),
				(page) => page.snippets,
			);
			return { data: [...data].sort(byName), etag: undefined };
		},
		kinds: ["snippet"],
	}));
}

export function useTags(): Data<readonly Tag[]> {
	return useData<readonly Tag[]>("all tags", (api) => ({
		async load(signal) {
			const { data } = await allItems(
				(query) => api.get("/v1/admin/tags", { query, signal }),
				(page) => page.tags,
			);
			return { data: [...data].sort(byName), etag: undefined };
		},
		kinds: ["tag"],
	}));
}
