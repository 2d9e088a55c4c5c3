// The names that the list shows beside the conversations.

import { useMemo } from "preact/hooks";
import { allPages } from "../api/all-pages";
import { useData } from "../api/desk";
import { usePeople } from "../shell/people";
import { useTags } from "../shell/sayings";
import { widgetName } from "../text/widget-name";
import type { Names } from "./row";
import type { ViewNames } from "./view-list";

export function useNames(): Names & ViewNames {
	const people = usePeople();
	const { data: widgets } = useData("widget names", (api) => ({
		async load(signal) {
			const pages = await allPages((cursor) =>
				api.get("/v1/admin/widgets", {
					query: { limit: 200, ...(cursor !== undefined && { cursor }) },
					signal,
				}),
			);
			return { data: pages.flatMap((page) => page.widgets), etag: undefined };
		},
		kinds: ["widget"],
	}));
	const { data: tags } = useTags();
	const who = people.map(({ id, name }) => `${id} ${name}`).join("\n");
	return useMemo(
		() => ({
			people: new Map(people.map(({ id, name }) => [id, name])),
			widgets: new Map((widgets ?? []).map((one) => [one.id, widgetName(one)])),
			tags: new Map((tags ?? []).map((tag) => [tag.id, tag])),
		}),
		[who, widgets, tags],
	);
}
