/*
 * /v1/admin/webhooks/{id}/deliveries: the latest deliveries of an endpoint, which can be sent again.
 */
#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "proto/ipc/change_names.h"
#include "workerd/api/fields/list_frame.h"
#include "workerd/api/fields/paging.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/store_query.h"
#include "workerd/api/webhooks/webhook_handlers.h"
#include "workerd/webhooks/webhook_body.h"

#define LIST_MAX   (256u * 1024) /* bytes of JSON */
#define NUMBER_MAX 19            /* digits */

static const struct store_refusal refusals[] = {
    {STORE_DISABLED, 409, "disabled", "The webhook is disabled"},
    {.status = 0},
};

struct delivery_query {
	struct store_query q;
	struct id webhook;
	uint64_t n;
	char by[API_CALLER_SIZE];
};

/* NULL: the id is invalid, and 400 was sent. */
static struct delivery_query *
delivery_new_query(const struct api_call *c, const char *missing)
{
	struct delivery_query *q;
	struct id webhook;

	if (!api_path_id(c, "Invalid webhookId", &webhook))
		return NULL;
	q = store_query_new(c, sizeof(*q), LIST_MAX, missing);
	q->q.refusals = refusals;
	q->webhook = webhook;
	api_caller_name(c, q->by);
	return q;
}

static void
delivery_write_time(struct json_writer *j, const char *key, uint64_t ms)
{
	if (ms == 0)
		json_write_null(j, key);
	else
		json_write_uint(j, key, ms);
}

static void
delivery_write_event(
    struct json_writer *j, const struct id *webhook, const struct msg_delivery_record *r)
{
	char delivery[WEBHOOK_DELIVERY_SIZE];

	webhook_body_delivery(delivery, webhook, r->n);
	json_write_uint(j, "n", r->n);
	json_write_str(j, "delivery", slice_str(delivery));
	json_write_str(j, "kind", slice_str(change_kind_name(r->kind)));
	json_write_id(j, "id", &r->object);
	json_write_id_or_null(j, "conversationId", &r->conversation);
	json_write_str(j, "change", slice_str(change_what_name(r->change)));
	if (change_period_name(r->change) != NULL)
		json_write_str(j, "period", slice_str(change_period_name(r->change)));
	json_write_uint(j, "at", r->at);
}

static void
delivery_write_result(struct json_writer *j, const struct msg_delivery_record *r)
{
	json_write_str(j, "state", slice_str(delivery_state_words[r->state]));
	json_write_uint(j, "attempts", r->attempts);
	if (r->status == 0)
		json_write_null(j, "status");
	else
		json_write_uint(j, "status", r->status);
	json_write_uint(j, "ms", r->ms);
	if (r->error.len == 0)
		json_write_null(j, "error");
	else
		json_write_str(j, "error", r->error);
	delivery_write_time(j, "firstAt", r->first_at);
	delivery_write_time(j, "lastAt", r->last_at);
	delivery_write_time(j, "nextAt", r->state == DELIVERY_PENDING ? r->next_at : 0);
}

/* ctx: the endpoint's id. */
static void
delivery_write_item(struct json_writer *j, struct slice item, const void *ctx)
{
	struct msg_delivery_record r;

	must(record_decode(item, MSG_DELIVERY_RECORD, &r) == WIRE_OK);
	json_write_open(j, NULL, '{');
	delivery_write_event(j, ctx, &r);
	delivery_write_result(j, &r);
	json_write_close(j, '}');
}

static void
delivery_on_page(void *arg, uint16_t type, const union msg *m)
{
	struct delivery_query *q = arg;
	struct json_writer *j = &q->q.json;

	if (type != MSG_DELIVERY_PAGE) {
		store_query_fail(&q->q, type, m);
		return;
	}
	list_frame_open(
	    j, "deliveries", m->delivery_page.deliveries, delivery_write_item, &q->webhook);
	paging_write_next_seq(j, m->delivery_page.next);
	json_write_close(j, '}');
	store_query_reply(&q->q);
}

void
handle_webhooks_deliveries(const struct api_call *c)
{
	static const struct paging_rule rule = {
	    .limit_default = 100,
	    .limit_max = 100,
	    .cursor_len = PAGING_SEQ_LEN,
	    .wrong_limit = "limit must be a whole number from 1 to 100",
	};
	struct msg_delivery_list list = {.org = c->org};
	struct delivery_query *q;
	struct paging paging;
	const char *wrong = paging_read(c->x->req->query, &rule, &paging);

	if (wrong != NULL) {
		api_reply_invalid_query(c, wrong);
		return;
	}
	q = delivery_new_query(c, "Webhook not found");
	if (q == NULL)
		return;
	list.webhook = q->webhook;
	list.before = paging.has_cursor ? paging_seq(&paging) : 0;
	list.limit = paging.limit;
	store_query_ask(&q->q, MSG_DELIVERY_LIST, &list, delivery_on_page);
}

static void
delivery_on_requeued(void *arg, uint16_t type, const union msg *m)
{
	struct delivery_query *q = arg;

	if (type != MSG_OK) {
		store_query_fail(&q->q, type, m);
		return;
	}
	log_event(LOG_NOTICE, "webhook_retried", L_UINT("conn", q->q.x->number),
	    L_ID("org", &q->q.org), L_ID("webhook", &q->webhook), L_UINT("n", q->n),
	    L_STR("by", q->by));
	store_query_reply_empty(&q->q);
}

/* The number in the path. */
static bool
delivery_path_number(const struct api_call *c, uint64_t *n)
{
	uint8_t captured[ROUTER_CAPTURE_MAX];

	return parameter_digits(router_capture(&c->match, 1, captured), NUMBER_MAX, n);
}

void
handle_webhooks_retry(const struct api_call *c)
{
	struct msg_delivery_retry retry = {.org = c->org};
	struct delivery_query *q;

	if (!delivery_path_number(c, &retry.n)) {
		api_reply_invalid(c, "Invalid delivery",
		    "the delivery must be a number, as returned by the list");
		return;
	}
	q = delivery_new_query(c, "Delivery not found");
	if (q == NULL)
		return;
	q->n = retry.n;
	retry.webhook = q->webhook;
	store_query_ask(&q->q, MSG_DELIVERY_RETRY, &retry, delivery_on_requeued);
}
