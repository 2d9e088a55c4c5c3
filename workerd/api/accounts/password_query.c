/*
 * A job of the hasher, and the query that waits for it.
 */
#include "workerd/api/accounts/password_query.h"

#include <stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"

struct password_wait {
	struct store_query *q;
	struct password_hasher_job *job;
	password_hasher_done_fn *fn;
};

static void
password_query_refuse_busy(struct store_query *q)
{
	unsigned seconds = password_hasher_retry_after(q->api->hasher);
	struct http_exchange *x = store_query_done(q);

	reply_start(x, 503);
	reply_header_fmt(x, "Retry-After", "%u", seconds);
	reply_error_body(x, "busy", "Too many passwords are being checked, please try again");
}

static void
password_query_cancel(void *pending)
{
	struct password_wait *wait = pending;

	password_hasher_forget(wait->job);
	free(wait);
}

static void
password_query_on_done(void *arg, enum password_verdict verdict, const char *text)
{
	struct password_wait *wait = arg;
	struct store_query *q = wait->q;
	password_hasher_done_fn *fn = wait->fn;

	free(wait);
	if (verdict == PASSWORD_WRONG || verdict == PASSWORD_CORRECT || text != NULL) {
		fn(q, verdict, text);
		return;
	}
	if (verdict == PASSWORD_ERROR)
		log_event(LOG_ERROR, "password_unchecked", L_UINT("conn", q->x->number));
	password_query_refuse_busy(q);
}

static struct password_wait *
password_query_wait(struct store_query *q, password_hasher_done_fn *fn)
{
	struct password_wait *wait = xcalloc(1, sizeof(*wait));

	*wait = (struct password_wait){.q = q, .fn = fn};
	store_query_wait(q, wait, password_query_cancel);
	return wait;
}

static void
password_query_start(struct password_wait *wait, struct password_hasher_job *job)
{
	struct store_query *q = wait->q;

	wait->job = job;
	if (job != NULL)
		return;
	free(wait);
	password_query_refuse_busy(q);
}

void
password_query_verify(struct store_query *q, struct slice password, struct slice text,
    struct password_owner owner, password_hasher_done_fn *fn)
{
	struct password_wait *wait = password_query_wait(q, fn);

	password_query_start(wait,
	    password_hasher_verify(
		q->api->hasher, password, text, owner, password_query_on_done, wait));
}

void
password_query_hash(struct store_query *q, struct slice password, password_hasher_done_fn *fn)
{
	struct password_wait *wait = password_query_wait(q, fn);

	password_query_start(
	    wait, password_hasher_hash(q->api->hasher, password, password_query_on_done, wait));
}
