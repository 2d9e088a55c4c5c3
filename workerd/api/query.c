/*
 * Queries: the exchange and the call to the store know of each other until one of them ends.
 */
#include "workerd/api/query.h"

#include <stdlib.h>

#include "proto/basics.h"

static void
query_free(struct query *q)
{
	buf_clear(&q->out);
	free(q);
}

static void
on_client_gone(struct http_exchange *x)
{
	struct query *q = x->data;

	store_call_forget(q->store);
	query_free(q);
}

void *
query_new(const struct api_call *c, size_t size, size_t out_max, const char *missing)
{
	struct query *q;

	must(size >= sizeof(*q));
	q = xcalloc(1, size);
	*q = (struct query){.api = c->api, .x = c->x, .org = c->org, .missing = missing};
	buf_init(&q->out, out_max);
	q->json = json_text(&q->out);
	c->x->data = q;
	c->x->on_close = on_client_gone;
	return q;
}

/* The exchange forgets the query. */
static struct http_exchange *
detach(struct query *q)
{
	q->x->on_close = NULL;
	q->x->data = NULL;
	return q->x;
}

struct http_exchange *
query_done(struct query *q)
{
	struct http_exchange *x = detach(q);

	query_free(q);
	return x;
}

void
query_reply(struct query *q)
{
	must(!q->json.failed);
	api_reply_json(detach(q), 200, buf_slice(&q->out));
	query_free(q);
}

void
query_fail(struct query *q, uint16_t type, const union msg *m)
{
	const char *missing = q->missing;
	struct http_exchange *x = query_done(q);

	if (store_refused(type, m, STORE_NOT_FOUND))
		reply_json_error(x, 404, "not_found", missing);
	else
		api_reply_store_failure(x, type, m);
}

void
query_ask(struct query *q, enum msg_type type, const void *msg, store_answer_fn *fn)
{
	q->store = store_call(q->api->store, type, msg, STORE_TIMEOUT_MS, fn, q);
	if (q->store == NULL)
		query_fail(q, 0, NULL);
}
