/*
 * Queries: the exchange and the call to the store, or the hasher's job, know of each other until one of
 * them ends.
 */
#include "workerd/api/request/store_query.h"

#include <stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"

static void
query_free(struct query *q)
{
	if (q->on_end != NULL)
		q->on_end(q);
	buf_clear(&q->out);
	free(q);
}

static void
on_client_gone(struct http_exchange *x)
{
	struct query *q = x->data;

	if (q->job != NULL)
		hasher_forget(q->job);
	else
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
query_reply_status(struct query *q, int status)
{
	must(!q->json.failed);
	api_reply_json(detach(q), status, buf_slice(&q->out));
	query_free(q);
}

void
query_reply(struct query *q)
{
	query_reply_status(q, 200);
}

void
query_reply_empty(struct query *q)
{
	struct http_exchange *x = query_done(q);

	reply_start(x, 204);
	reply_empty(x);
}

void
query_refuse(struct query *q, int status, const char *code, const char *message)
{
	reply_json_error(query_done(q), status, code, message);
}

/* The row of a refusal, or NULL. */
static const struct query_refusal *
refusal_of(const struct query *q, uint16_t type, const union msg *m)
{
	for (const struct query_refusal *r = q->refusals; r != NULL && r->status != 0; r++)
		if (store_refused(type, m, r->error))
			return r;
	return NULL;
}

void
query_fail(struct query *q, uint16_t type, const union msg *m)
{
	const struct query_refusal *refusal = refusal_of(q, type, m);
	const char *missing = q->missing;
	struct http_exchange *x = query_done(q);

	if (refusal != NULL)
		reply_json_error(x, refusal->status, refusal->code, refusal->message);
	else if (store_refused(type, m, STORE_NOT_FOUND))
		reply_json_error(x, 404, "not_found", missing);
	else
		api_reply_store_failure(x, type, m);
}

bool
query_removed(const struct query *q, uint16_t type, const union msg *m)
{
	bool nothing = store_refused(type, m, STORE_NOT_FOUND) ||
	    (type == MSG_ERASED && m->erased.conversations == 0 && !m->erased.visitor);

	if (nothing)
		return store_client_repeated(q->api->store);
	return type == MSG_OK || type == MSG_ERASED;
}

void
query_ask(struct query *q, enum msg_type type, const void *msg, store_answer_fn *fn)
{
	q->store = store_call(q->api->store, type, msg, STORE_TIMEOUT_MS, fn, q);
	if (q->store == NULL)
		query_fail(q, 0, NULL);
}

/* -- passwords ----------------------------------------------------------------------------- */

static void
refuse_busy(struct query *q)
{
	unsigned seconds = hasher_retry_after(q->api->hasher);
	struct http_exchange *x = query_done(q);

	reply_start(x, 503);
	reply_header_fmt(x, "Retry-After", "%u", seconds);
	reply_error_body(x, "busy", "Too many passwords are being checked, please try again");
}

static void
on_hashed(void *arg, enum password_verdict verdict, const char *text)
{
	struct query *q = arg;

	q->job = NULL;
	if (verdict != PASSWORD_UNCHECKED || text != NULL) {
		q->hashed(q, verdict, text);
		return;
	}
	log_event(LOG_ERROR, "password_unchecked", L_UINT("conn", q->x->number));
	refuse_busy(q);
}

static void
wait_for(struct query *q, struct hasher_job *job, hasher_done_fn *fn)
{
	q->job = job;
	q->hashed = fn;
	if (job == NULL)
		refuse_busy(q);
}

void
query_verify(struct query *q, struct slice password, struct slice text, hasher_done_fn *fn)
{
	wait_for(q, hasher_verify(q->api->hasher, password, text, on_hashed, q), fn);
}

void
query_hash(struct query *q, struct slice password, hasher_done_fn *fn)
{
	wait_for(q, hasher_hash(q->api->hasher, password, on_hashed, q), fn);
}
