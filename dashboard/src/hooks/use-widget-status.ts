// Where a widget was seen and how much it was used today. The change feed says nothing of this, so it is asked again
// while somebody looks.

import type { WidgetStatus } from "../../../workerd/api/openapi/openapi";
import { useData } from "../api/desk";
import { useRefresh } from "./use-refresh";

/** null: not loaded yet, or the widget does not exist. */
export function useWidgetStatus(widgetId: string | null, everyMs: number): WidgetStatus | null {
	const { data, refresh } = useData<WidgetStatus | null>(`widget-status:${widgetId}`, (api) => ({
		load: async (signal) =>
			widgetId === null
				? { data: null, etag: undefined }
				: api.read("/v1/admin/widgets/{widgetId}/status", { path: { widgetId }, signal }),
		kinds: [],
	}));
	useRefresh(refresh, everyMs);
	return data;
}
