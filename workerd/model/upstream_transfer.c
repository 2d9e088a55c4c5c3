/*
 * One request: its timeouts, and its result for the circuit breaker.
 */
#include <stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/model/upstream.h"
#include "workerd/model/upstream_internal.h"

#define RETRY_AFTER_MS_MAX 3600000u
#define BUSY_MS            100 /* recheck interval while this side is not reading */

static uint64_t
upstream_transfer_time_left(const struct upstream_transfer *t)
{
	uint64_t now = clock_mono_ms();

	return t->until_ms > now ? t->until_ms - now : 0;
}

/* The transfer times out after ms without data. */
static void
upstream_transfer_watch_silence(struct upstream_transfer *t, uint64_t ms)
{
	uint64_t left = upstream_transfer_time_left(t);
	struct timeval in = clock_timeval(ms < left ? ms : left);

	evtimer_add(&t->silence, &in);
}

static void
upstream_transfer_judge(struct upstream_transfer *t, bool failed)
{
	struct breaker *b = &t->upstream->breaker;

	if (t->judged)
		return;
	t->judged = true;
	if (failed)
		breaker_failure(b, t->probe, clock_mono_ms());
	else
		breaker_success(b);
}

void
upstream_judge(struct upstream_transfer *t, int status)
{
	upstream_transfer_judge(t, upstream_status_failed(status));
}

void
upstream_transfer_abandon(struct upstream_transfer *t)
{
	if (!t->judged)
		breaker_abandon(&t->upstream->breaker, t->probe);
	t->judged = true;
}

void
upstream_transfer_answered(struct upstream_transfer *t, const struct upstream_head *head)
{
	uint64_t retry_after_ms = retry_after_result(&head->retry_after, head->status == 429);

	/* A response may take minutes. The request is never sent twice, so its body is freed
	 * once it is sent. */
	if (t->body_sent == buf_len(&t->body)) {
		buf_clear(&t->body);
		t->body_sent = 0;
	}
	if (retry_after_ms > RETRY_AFTER_MS_MAX)
		retry_after_ms = RETRY_AFTER_MS_MAX;
	t->answered = true;
	t->activity_ms = clock_mono_ms();
	upstream_transfer_watch_silence(t, t->upstream->idle_ms);
	if (head->encoded && head->status == 200) {
		upstream_transfer_over(t, UPSTREAM_BROKEN,
		    "the response has a Content-Encoding, which was not requested");
		return;
	}
	/* The reply with status 200 may begin with an error: upstream_judge(). */
	if (head->status != 200)
		upstream_transfer_judge(t, upstream_status_failed(head->status));
	t->events->headers(t->arg, head, (unsigned)retry_after_ms);
}

void
upstream_transfer_over(struct upstream_transfer *t, enum upstream_end how, const char *detail)
{
	if (t->cancelled || t->is_over)
		return;
	t->is_over = true;
	t->how = how;
	t->detail = detail;
	evtimer_del(&t->silence);
	if (how == UPSTREAM_STALE)
		upstream_transfer_abandon(t);
	else
		upstream_transfer_judge(t, how != UPSTREAM_DONE);
	if (t->queue == QUEUE_PENDING)
		upstream_pool_remove_pending(t);
	upstream_add_ended(t);
}

/* The timeout that applies now: for connecting, for the first byte, or between two pieces. */
static unsigned
upstream_transfer_silence_limit(const struct upstream_transfer *t)
{
	const struct upstream *u = t->upstream;

	if (t->answered)
		return u->idle_ms;
	return t->conn == NULL && u->connect_ms < u->first_byte_ms ? u->connect_ms
								   : u->first_byte_ms;
}

static const char *
upstream_transfer_timeout(const struct upstream_transfer *t)
{
	if (upstream_transfer_time_left(t) == 0)
		return "the answer was not whole in time";
	if (t->answered)
		return "nothing came within the answer for too long";
	return t->conn == NULL ? "no connection was made in time" : "no answer began in time";
}

static void
upstream_transfer_on_silence(evutil_socket_t fd, short what, void *arg)
{
	struct upstream_transfer *t = arg;
	unsigned limit = upstream_transfer_silence_limit(t);
	uint64_t silent = clock_mono_ms() - t->activity_ms;

	(void)fd;
	(void)what;
	if (silent < limit && upstream_transfer_time_left(t) > 0) {
		upstream_transfer_watch_silence(t, limit - silent);
		return;
	}
	/* This side does not read at the moment. */
	if (t->conn != NULL && upstream_transfer_time_left(t) > 0 &&
	    upstream_io_has_data(t->conn)) {
		upstream_transfer_watch_silence(t, BUSY_MS);
		return;
	}
	upstream_transfer_over(t, UPSTREAM_TIMEOUT, upstream_transfer_timeout(t));
	upstream_settle(t->upstream);
}

struct upstream_transfer *
upstream_transfer_new(struct upstream *u, struct buf *body, unsigned total_ms)
{
	struct upstream_transfer *t = xcalloc(1, sizeof(*t));

	t->upstream = u;
	t->body = *body;
	buf_init(body, body->max);
	t->activity_ms = clock_mono_ms();
	t->until_ms = t->activity_ms + total_ms;
	must(evtimer_assign(&t->silence, u->base, upstream_transfer_on_silence, t) == 0);
	upstream_transfer_watch_silence(t, upstream_transfer_silence_limit(t));
	return t;
}

void
upstream_transfer_free(struct upstream_transfer *t)
{
	must(!t->upstream->inside);
	if (t->conn != NULL)
		upstream_conn_drop(t);
	event_del(&t->silence);
	buf_clear(&t->body);
	free(t);
}
