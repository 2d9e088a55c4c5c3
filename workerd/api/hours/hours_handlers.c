/*
 * GET and PUT /v1/admin/hours: when an organization's people answer visitors. Only owners change it.
 */
#include "workerd/api/hours/hours_handlers.h"

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/hours/duty.h"
#include "workerd/api/hours/hours_field.h"
#include "workerd/api/request/store_query.h"
#include "workerd/hours/hours.h"

#define ANSWER_MAX (2 * HOURS_JSON_MAX)

struct hours_query {
	struct store_query q;
	char by[API_CALLER_SIZE];
};

struct hours_shown {
	struct slice hours;
};

static const struct field hours_fields[] = {
    {"hours", &field_hours, offsetof(struct hours_shown, hours), FIELD_NULLABLE, 0, 0, NULL},
    {.name = NULL},
};

static void
hours_on_org(void *arg, uint16_t type, const union msg *m)
{
	struct store_query *q = arg;
	struct msg_org_record org;
	struct hours_shown shown;

	if (type != MSG_ORG) {
		store_query_fail(q, type, m);
		return;
	}
	must(record_decode(m->org.org, MSG_ORG_RECORD, &org) == WIRE_OK);
	shown.hours = org.hours;
	json_write_open(&q->json, NULL, '{');
	fields_write(&q->json, hours_fields, &shown);
	duty_write_state(&q->json, org.hours, clock_wall_ms());
	json_write_close(&q->json, '}');
	store_query_reply(q);
}

static void
hours_ask(struct store_query *q)
{
	store_query_ask(q, MSG_ORG_GET, &(struct msg_org_get){.org = q->org}, hours_on_org);
}

void
handle_hours_get(const struct api_call *c)
{
	hours_ask(store_query_new(c, sizeof(struct store_query), ANSWER_MAX, "Not found"));
}

static void
hours_on_put(void *arg, uint16_t type, const union msg *m)
{
	struct hours_query *h = arg;

	if (type != MSG_OK) {
		store_query_fail(&h->q, type, m);
		return;
	}
	log_event(LOG_NOTICE, "hours_changed", L_UINT("conn", h->q.x->number),
	    L_ID("org", &h->q.org), L_STR("by", h->by));
	hours_ask(&h->q);
}

void
handle_hours_change(const struct api_call *c)
{
	struct hours_shown shown = {.hours = {0}};
	struct hours_query *h;
	struct fields in;

	if (!fields_body(c, &in))
		return;
	fields_read(&in, hours_fields, true, &shown);
	if (fields_wrong(&in).len == 0 && !fields_has(&in, "hours"))
		fields_refuse(&in, "hours", REASON_OBJECT);
	if (fields_wrong(&in).len > 0) {
		fields_reply_wrong(c->api, c->x, &in);
	} else {
		h = store_query_new(c, sizeof(*h), ANSWER_MAX, "Not found");
		api_caller_name(c, h->by);
		store_query_ask(&h->q, MSG_HOURS_PUT,
		    &(struct msg_hours_put){.org = c->org, .hours = shown.hours}, hours_on_put);
	}
	fields_clear(&in);
}
