/*
 * The exchange and the pending call point to each other until one of them ends.
 */
#include "workerd/api/request/store_query.h"

#include <stdlib.h>

#include "proto/base/basics.h"
#include "workerd/api/request/api_reply.h"

/* Seconds after which a client may ask again for what was too much. */
#define REFUSED_AGAIN "60"

static void
store_query_free(struct store_query *q)
{
	if (q->on_end != NULL)
		q->on_end(q);
	buf_clear(&q->out);
	free(q);
}

static void
store_query_on_client_gone(struct http_exchange *x)
{
	struct store_query *q = x->data;

	q->cancel(q->pending);
	q->client_left = true;
	store_query_free(q);
}

void *
store_query_new(const struct api_call *c, size_t size, size_t out_max, const char *missing)
{
	struct store_query *q;

	must(size >= sizeof(*q));
	q = xcalloc(1, size);
	*q = (struct store_query){.api = c->api, .x = c->x, .org = c->org, .missing = missing};
	buf_init(&q->out, out_max);
	q->json = json_writer(&q->out);
	c->x->data = q;
	c->x->on_close = store_query_on_client_gone;
	return q;
}

void
store_query_wait(struct store_query *q, void *pending, void (*cancel)(void *pending))
{
	q->pending = pending;
	q->cancel = cancel;
}

static void
store_query_cancel_call(void *call)
{
	store_call_forget(call);
}

/* call: NULL if the store takes no more. */
static void
store_query_wait_call(struct store_query *q, struct store_call *call)
{
	if (call != NULL)
		store_query_wait(q, call, store_query_cancel_call);
	else
		store_query_fail(q, 0, NULL);
}

void
store_query_ask(struct store_query *q, enum msg_type type, const void *msg, store_answer_fn *fn)
{
	store_query_wait_call(q, store_call(q->api->store, type, msg, STORE_TIMEOUT_MS, fn, q));
}

void
store_query_read(
    struct store_query *q, enum msg_type type, const void *msg, store_answer_fn *fn)
{
	store_query_wait_call(
	    q, store_call_read(q->api->store, &q->org, type, msg, STORE_TIMEOUT_MS, fn, q));
}

static struct http_exchange *
store_query_detach(struct store_query *q)
{
	q->x->on_close = NULL;
	q->x->data = NULL;
	return q->x;
}

struct http_exchange *
store_query_done(struct store_query *q)
{
	struct http_exchange *x = store_query_detach(q);

	store_query_free(q);
	return x;
}

void
store_query_reply_as(struct store_query *q, int status, const char *type)
{
	struct http_exchange *x = store_query_detach(q);

	reply_start(x, status);
	reply_header_str(x, "Cache-Control", "no-store");
	if (q->etag[0] != '\0')
		reply_header_str(x, "ETag", q->etag);
	reply_body(x, type, buf_slice(&q->out));
	store_query_free(q);
}

void
store_query_reply_status(struct store_query *q, int status)
{
	must(!q->json.failed);
	store_query_reply_as(q, status, "application/json; charset=utf-8");
}

void
store_query_reply(struct store_query *q)
{
	store_query_reply_status(q, 200);
}

void
store_query_reply_empty(struct store_query *q)
{
	struct http_exchange *x = store_query_done(q);

	reply_start(x, 204);
	reply_empty(x);
}

void
store_query_on_ok(void *arg, uint16_t type, const union msg *m)
{
	struct store_query *q = arg;

	if (type == MSG_OK)
		store_query_reply_empty(q);
	else
		store_query_fail(q, type, m);
}

void
store_query_refuse(struct store_query *q, int status, const char *code, const char *message)
{
	reply_json_error(store_query_done(q), status, code, message);
}

/* The row of a refusal, or NULL. */
static const struct store_refusal *
store_query_refusal(const struct store_query *q, uint16_t type, const union msg *m)
{
	for (const struct store_refusal *r = q->refusals; r != NULL && r->status != 0; r++)
		if (store_refused(type, m, r->error))
			return r;
	return NULL;
}

static void
store_query_reply_refusal(struct http_exchange *x, const struct store_refusal *refusal)
{
	reply_start(x, refusal->status);
	if (refusal->status == 429)
		reply_header_str(x, "Retry-After", REFUSED_AGAIN);
	reply_error_body(x, refusal->code, refusal->message);
}

void
store_query_fail(struct store_query *q, uint16_t type, const union msg *m)
{
	const struct store_refusal *refusal = store_query_refusal(q, type, m);
	const char *missing = q->missing;
	bool streams = q->streams;
	struct http_exchange *x = store_query_done(q);

	if (streams)
		reply_abort(x);
	else if (refusal != NULL)
		store_query_reply_refusal(x, refusal);
	else if (store_refused(type, m, STORE_NOT_FOUND))
		reply_json_error(x, 404, "not_found", missing);
	else
		api_reply_store_failure(x, type, m);
}

bool
store_query_removed(const struct store_query *q, uint16_t type, const union msg *m)
{
	bool nothing = store_refused(type, m, STORE_NOT_FOUND) ||
	    (type == MSG_ERASED && m->erased.conversations == 0 && !m->erased.visitor);

	if (nothing)
		return store_client_repeated(q->api->store);
	return type == MSG_OK || type == MSG_ERASED;
}
