// The names that the list shows beside the conversations.

import { useMemo } from "preact/hooks";
import { useData } from "../api/desk";
import { usePeople } from "../shell/people";
import type { Names } from "./row";
import { t } from "./texts";
import type { ViewNames } from "./view-list";

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
