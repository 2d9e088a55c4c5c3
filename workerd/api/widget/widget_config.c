/*
 * GET /api/widget/{widgetId}/config: what the site that embeds a widget has to know of it, and no
 * more.
 */
#include "proto/base/basics.h"
#include "workerd/api/api.h"
#include "workerd/api/widget/widget_fields.h"

void
handle_widget_config(const struct api_call *c)
{
	struct buf *line = api_line(c->api);
	struct json_text j = json_text(line);

	json_open(&j, NULL, '{');
	widget_write_public(&j, c->record);
	json_close(&j, '}');
	must(!j.failed);
	api_reply_json(c->x, 200, buf_slice(line));
}
