import type { Widget } from "../../../../workerd/api/openapi/openapi";

export const widgetName = (widget: Widget): string => widget.name || widget.widget_id;
