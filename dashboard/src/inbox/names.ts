// The names that the list shows beside the conversations.

import { useMemo } from "preact/hooks";
import { useWidgets } from "../shell/all-widgets";
import { usePeople } from "../shell/people";
import { useTags } from "../shell/sayings";
import { widgetName } from "../text/widget-name";
import type { Names } from "./row";
import type { ViewNames } from "./view-list";

export function useNames(): Names & ViewNames {
	const people = usePeople();
	const { data: widgets } = useWidgets();
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
