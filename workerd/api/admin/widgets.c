/*
 * /v1/admin/widgets: the chat widgets that sites embed.
 */
#include "proto/base/basics.h"
#include "proto/ipc/public_id.h"
#include "workerd/api/admin/admin_handlers.h"
#include "workerd/api/admin/resource.h"
#include "workerd/api/widget/widget_fields.h"

static void
widgets_check(struct fields *in, const void *object, const struct settings *settings)
{
	(void)settings;
	widget_check(in, object);
}

/* The public id is set later, before the widget is stored. */
static void
widgets_make(void *object, const struct id *id, const struct id *org)
{
	struct msg_widget_record *r = object;

	widget_default(r);
	r->id = *id;
	r->org = *org;
}

static void
widgets_put_with_public_id(struct resource_query *q)
{
	struct msg_widget_record *r = q->object;
	char public_id[PUBLIC_ID_TEXT + 1];

	public_id_new(public_id);
	r->public_id = slice_str(public_id);
	resource_put(q);
}

/* A widget without agent_id gets the agent of the organization's oldest widget. */
static void
widgets_on_oldest(void *arg, uint16_t type, const union msg *m)
{
	struct resource_query *q = arg;
	struct msg_widget_record *r = q->object, oldest;
	struct slice list, item;

	if (type != MSG_RECORD_PAGE) {
		store_query_fail(&q->q, type, m);
		return;
	}
	list = m->record_page.records;
	if (!wire_list_next(&list, &item)) {
		fields_refuse(&q->in, "agent_id", REASON_AGENT);
		resource_refuse(q);
		return;
	}
	if (record_decode(item, MSG_WIDGET_RECORD, &oldest) != WIRE_OK) {
		store_query_fail(&q->q, type, m);
		return;
	}
	r->agent = oldest.agent;
	widgets_put_with_public_id(q);
}

static void
widgets_store(struct resource_query *q)
{
	const struct msg_widget_record *r = q->object;
	struct msg_record_list oldest = {
	    .kind = MSG_WIDGET_RECORD, .org = q->q.org, .limit = 1};

	if (!q->fresh)
		resource_put(q);
	else if (id_is_zero(&r->agent))
		store_query_ask(&q->q, MSG_RECORD_LIST, &oldest, widgets_on_oldest);
	else
		widgets_put_with_public_id(q);
}

static const struct store_refusal refusals[] = {
    {STORE_IN_USE, 409, "in_use",
	"This widget is the organization's first, which chat by a key belongs to"},
    {STORE_LIMIT, 409, "limit_reached", "There are too many widgets"},
    {.status = 0},
};

static const struct resource widgets = {
    .many = "widgets",
    .wrong_id = "Invalid widgetId",
    .missing = "Widget not found",
    .refusals = refusals,
    .fields = widget_fields,
    .size = sizeof(struct msg_widget_record),
    .record = MSG_WIDGET_RECORD,
    .log_id = "id",
    .created = "widget_created",
    .changed = "widget_changed",
    .deleted = "widget_deleted",
    .check = widgets_check,
    .make = widgets_make,
    .store = widgets_store,
    .managed = "retention_days",
    .managed_refusal = "Only an owner may change how long conversations are kept",
    .misfit = "agent_id",
    .misfit_reason = REASON_AGENT,
};

RESOURCE_LIST_HANDLERS(widgets)
RESOURCE_ITEM_HANDLERS(widgets)

void
handle_widgets_reset_id(const struct api_call *c)
{
	struct resource_query *q = resource_query_new(c, &widgets);
	char public_id[PUBLIC_ID_TEXT + 1];
	struct msg_widget_reset reset;

	if (q == NULL)
		return;
	public_id_new(public_id);
	reset = (struct msg_widget_reset){q->q.org, q->id, slice_str(public_id)};
	store_query_ask(&q->q, MSG_WIDGET_RESET, &reset, resource_on_changed);
}
