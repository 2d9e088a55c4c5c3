// The names that the list shows beside the conversations, and the counts of the views.

import { useMemo } from "preact/hooks";
import type { Counts } from "../../../workerd/api/openapi/openapi";
import { type Data, useData } from "../api/desk";
import { usePeople } from "../shell/people";
import type { Names } from "./row";
import { t } from "./texts";
import type { ViewNames } from "./view-list";

export function useCounts(): Data<Counts> {
	return useData("counts", (api) => ({
		load: (signal) => api.read("/v1/admin/counts", { signal }),
		kinds: ["conversation", "user", "widget", "tag"],
		// Others change no count.
		isAffected: ({ kind, change }) => kind !== "conversation" || !/^(read|contact)$/.test(change),
	}));
}

export function useNames(): Names & ViewNames {
	const people = usePeople();
	const { data: widgets } = useData("widget names", (api) => ({
		load: (signal) => api.read("/v1/admin/widgets", { query: { limit: 100 }, signal }),
		kinds: ["widget"],
	}));
	const { data: tags } = useData("tag names", (api) => ({
		load: (signal) => api.read("/v1/admin/tags", { query: { limit: 100 }, signal }),
		kinds: ["tag"],
	}));
	const who = people.map(({ id, name }) => `${id} ${name}`).join("\n");
	return useMemo(
		() => ({
			people: new Map(people.map(({ id, name }) => [id, name])),
			widgets: new Map(
				(widgets?.widgets ?? []).map(({ id, name }) => [id, name || t("unnamedWidget")]),
			),
			tags: new Map((tags?.tags ?? []).map((tag) => [tag.id, tag])),
		}),
		[who, widgets, tags],
	);
}
