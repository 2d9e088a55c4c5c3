/*
 * GET /v1/admin/widgets/{id}/status: whether a widget is on a site, and how much it is used today.
 */
#include <stdlib.h>

#include "proto/base/basics.h"
#include "workerd/api/admin/admin_handlers.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/store_query.h"

#define ANSWER_MAX  65536u
#define ORIGINS_MAX 16 /* as in WIDGET_STATUS */

struct widget_origins {
	size_t n;
	struct msg_sighting of[ORIGINS_MAX];
};

/* For qsort(): the latest first. */
static int
widget_status_compare(const void *a, const void *b)
{
	const struct msg_sighting *one = a, *other = b;

	return one->at < other->at ? 1 : one->at > other->at ? -1 : 0;
}

static void
widget_status_read_origins(struct slice list, struct widget_origins *origins)
{
	struct slice item;

	origins->n = 0;
	while (origins->n < ORIGINS_MAX && wire_list_next(&list, &item))
		must(record_decode(item, MSG_SIGHTING, &origins->of[origins->n++]) == WIRE_OK);
	qsort(origins->of, origins->n, sizeof(origins->of[0]), widget_status_compare);
}

static void
widget_status_write(struct json_writer *j, const struct msg_widget_status *status)
{
	struct msg_widget_record widget;
	struct widget_origins origins;

	must(record_decode(status->widget, MSG_WIDGET_RECORD, &widget) == WIRE_OK);
	widget_status_read_origins(status->sightings, &origins);
	json_write_open(j, NULL, '{');
	json_write_bool(j, "enabled", widget.enabled);
	json_write_uint(j, "messagesToday", status->messages);
	if (widget.daily_cap == 0)
		json_write_null(j, "dailyMessageCap");
	else
		json_write_uint(j, "dailyMessageCap", widget.daily_cap);
	if (origins.n == 0)
		json_write_null(j, "lastSeenAt");
	else
		json_write_uint(j, "lastSeenAt", origins.of[0].at);
	json_write_open(j, "origins", '[');
	for (size_t i = 0; i < origins.n; i++) {
		json_write_open(j, NULL, '{');
		json_write_str(j, "origin", origins.of[i].origin);
		json_write_uint(j, "lastSeenAt", origins.of[i].at);
		json_write_close(j, '}');
	}
	json_write_close(j, ']');
	json_write_close(j, '}');
}

static void
widget_status_on_answer(void *arg, uint16_t type, const union msg *m)
{
	struct store_query *q = arg;

	if (type != MSG_WIDGET_STATUS) {
		store_query_fail(q, type, m);
		return;
	}
	widget_status_write(&q->json, &m->widget_status);
	store_query_reply(q);
}

void
handle_widgets_status(const struct api_call *c)
{
	struct msg_widget_status_get get = {.org = c->org};

	if (!api_path_id(c, "Invalid widgetId", &get.widget))
		return;
	store_query_ask(
	    store_query_new(c, sizeof(struct store_query), ANSWER_MAX, "Widget not found"),
	    MSG_WIDGET_STATUS_GET, &get, widget_status_on_answer);
}
