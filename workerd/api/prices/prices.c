/*
 * GET and PUT /v1/admin/prices: what an organization pays for the tokens of each model. Only owners change them.
 */
#include "workerd/api/prices/prices_handlers.h"

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/prices/price_list.h"
#include "workerd/api/request/store_query.h"

/* Bytes of JSON: a stored price is written with names and decimals. */
#define ANSWER_MAX (4u * PRICE_LIST_MAX)

struct prices_query {
	struct store_query q;
	char by[API_CALLER_SIZE];
};

static void
prices_on_org(void *arg, uint16_t type, const union msg *m)
{
	struct store_query *q = arg;
	struct msg_org_record org;

	if (type != MSG_ORG) {
		store_query_fail(q, type, m);
		return;
	}
	must(record_decode(m->org.org, MSG_ORG_RECORD, &org) == WIRE_OK);
	price_list_write(&q->json, org.prices);
	store_query_reply(q);
}

static void
prices_ask(struct store_query *q)
{
	store_query_ask(q, MSG_ORG_GET, &(struct msg_org_get){.org = q->org}, prices_on_org);
}

void
handle_prices_get(const struct api_call *c)
{
	prices_ask(store_query_new(c, sizeof(struct store_query), ANSWER_MAX, "Not found"));
}

static void
prices_on_put(void *arg, uint16_t type, const union msg *m)
{
	struct prices_query *p = arg;

	if (type != MSG_OK) {
		store_query_fail(&p->q, type, m);
		return;
	}
	log_event(LOG_NOTICE, "prices_changed", L_UINT("conn", p->q.x->number),
	    L_ID("org", &p->q.org), L_STR("by", p->by));
	prices_ask(&p->q);
}

void
handle_prices_change(const struct api_call *c)
{
	struct prices_query *p;
	struct fields in;
	struct buf list;

	if (!fields_body(c, &in))
		return;
	buf_init(&list, PRICE_LIST_MAX);
	price_list_read(&in, &list);
	if (fields_wrong(&in).len > 0) {
		fields_reply_wrong(c->api, c->x, &in);
	} else {
		p = store_query_new(c, sizeof(*p), ANSWER_MAX, "Not found");
		api_caller_name(c, p->by);
		store_query_ask(&p->q, MSG_PRICES_PUT,
		    &(struct msg_prices_put){.org = c->org, .prices = buf_slice(&list)},
		    prices_on_put);
	}
	buf_clear(&list);
	fields_clear(&in);
}
