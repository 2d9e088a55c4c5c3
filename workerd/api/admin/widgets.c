/*
 * /v1/admin/widgets: what sites embed.
 */
#include "proto/base/basics.h"
#include "workerd/api/admin/admin_handlers.h"
#include "workerd/api/admin/resource.h"
#include "workerd/api/widget/widget_fields.h"

static void
ask_list(
    struct store_query *q, const struct paging *page, const void *filter, store_answer_fn *fn)
{
	struct msg_widget_list list = {
	    .org = q->org, .after = paging_id(page), .limit = page->limit};

	(void)filter;
	store_query_ask(q, MSG_WIDGET_LIST, &list, fn);
}

static void
ask_get(struct store_query *q, const struct id *id, store_answer_fn *fn)
{
	store_query_ask(
	    q, MSG_WIDGET_GET, &(struct msg_widget_get){.org = q->org, .widget = *id}, fn);
}

static void
ask_put(struct store_query *q, bool fresh, struct slice record, store_answer_fn *fn)
{
	store_query_ask(q, MSG_WIDGET_PUT, &(struct msg_widget_put){fresh, record}, fn);
}

static void
ask_drop(struct store_query *q, const struct id *id, store_answer_fn *fn)
{
	store_query_ask(q, MSG_WIDGET_DELETE, &(struct msg_widget_delete){q->org, *id}, fn);
}

static struct slice
read_one(const union msg *m)
{
	return m->widget.widget;
}

static struct slice
read_page(const union msg *m, struct id *next)
{
	*next = m->widget_page.next;
	return m->widget_page.widgets;
}

static void
check(struct fields *in, const void *thing, const struct settings *settings)
{
	(void)settings;
	widget_check(in, thing);
}

/* The public id is put in before it is stored. */
static void
make(void *thing, const struct id *id, const struct id *org)
{
	struct msg_widget_record *r = thing;

	widget_default(r);
	r->id = *id;
	r->org = *org;
}

static void
put_with_public_id(struct resource_query *q)
{
	struct msg_widget_record *r = q->thing;
	char public_id[SECRET_PUBLIC_ID_TEXT + 1];

	secret_public_id(public_id);
	r->public_id = slice_str(public_id);
	resource_put(q);
}

/* The organization's oldest widget, whose agent the new one gets. */
static void
on_oldest(void *arg, uint16_t type, const union msg *m)
{
	struct resource_query *q = arg;
	struct msg_widget_record *r = q->thing, oldest;
	struct slice list, item;

	if (type != MSG_WIDGET_PAGE) {
		store_query_fail(&q->q, type, m);
		return;
	}
	list = m->widget_page.widgets;
	if (!wire_list_next(&list, &item)) {
		fields_refuse(&q->in, "agent_id", "must be an agent of this organization");
		resource_refuse(q);
		return;
	}
	must(record_decode(item, MSG_WIDGET_RECORD, &oldest) == WIRE_OK);
	r->agent = oldest.agent;
	put_with_public_id(q);
}

static void
complete(struct resource_query *q)
{
	const struct msg_widget_record *r = q->thing;
	struct msg_widget_list oldest = {.org = q->q.org, .limit = 1};

	if (id_is_zero(&r->agent))
		store_query_ask(&q->q, MSG_WIDGET_LIST, &oldest, on_oldest);
	else
		put_with_public_id(q);
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
    .created = "widget_created",
    .changed = "widget_changed",
    .deleted = "widget_deleted",
    .list = ask_list,
    .get = ask_get,
    .put = ask_put,
    .drop = ask_drop,
    .one = MSG_WIDGET,
    .page = MSG_WIDGET_PAGE,
    .read_one = read_one,
    .read_page = read_page,
    .check = check,
    .make = make,
    .complete = complete,
    .misfit = "agent_id",
    .misfit_sentence = "must be an agent of this organization",
};

void
handle_widgets_list(const struct api_call *c)
{
	resource_list(c, &widgets, NULL);
}

void
handle_widgets_create(const struct api_call *c)
{
	resource_create(c, &widgets);
}

void
handle_widgets_get(const struct api_call *c)
{
	resource_get(c, &widgets);
}

void
handle_widgets_change(const struct api_call *c)
{
	resource_change(c, &widgets);
}

void
handle_widgets_delete(const struct api_call *c)
{
	resource_delete(c, &widgets);
}

void
handle_widgets_reset_id(const struct api_call *c)
{
	struct resource_query *q = resource_query_new(c, &widgets);
	char public_id[SECRET_PUBLIC_ID_TEXT + 1];
	struct msg_widget_reset reset;

	if (q == NULL)
		return;
	secret_public_id(public_id);
	reset = (struct msg_widget_reset){q->q.org, q->id, slice_str(public_id)};
	store_query_ask(&q->q, MSG_WIDGET_RESET, &reset, resource_on_changed);
}
