/*
 * GET /api/widget/{widgetId}/config: the public settings of a widget, for the page that embeds it.
 */
#include "proto/base/basics.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/widget/widget_fields.h"
#include "workerd/api/widget/widget_handlers.h"
#include "workerd/api/widget/widget_sightings.h"

void
handle_widget_config(const struct api_call *c)
{
	struct buf *out = api_scratch(c->api);
	struct json_writer j = json_writer(out);
	struct msg_widget_record widget;

	widget_sightings_note(c);
	must(record_decode(c->widget_record, MSG_WIDGET_RECORD, &widget) == WIRE_OK);
	json_write_open(&j, NULL, '{');
	widget_write_public(&j, &widget);
	json_write_close(&j, '}');
	must(!j.failed);
	api_reply_json(c->x, 200, buf_slice(out));
}
