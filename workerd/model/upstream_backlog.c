/*
 * How much of the responses each loop iteration processes, fairly shared over all transfers.
 *
 * libcurl reads up to a hundred buffers of a transfer at a time. A share of the data is processed
 * at once, with a limit for each transfer; the rest waits for the next iterations, in which the
 * transfers take turns. HTTP/1.1 data waits in the kernel: the transfer is paused or, without
 * libcurl, not read. HTTP/2 streams must not be paused (libcurl 7.88 may never resume them), so
 * their data is kept here; their engine is not driven until it is delivered, which bounds the
 * amount.
 */
#include "proto/base/basics.h"
#include "workerd/model/upstream_internal.h"

/* About 1,000 tokens, which take 5 ms to parse, relay and store; and the limit for one transfer.
 * With a quarter of both, pausing and resuming took a tenth of the CPU time of a flood. */
#define ITERATION_BYTES_MAX (256u * 1024)
#define TRANSFER_BYTES_MAX  (64u * 1024)

/* A few tokens, which a transfer without libcurl may read even when the share is used up: so
 * thousands of streams at a model's normal pace do not queue behind each other. */
#define SMALL_READ_MAX 1024u

/* libcurl reads up to 101 buffers of a transfer in one run, and on a busy machine its timers run the same
 * transfer several times within one call. */
#define BACKLOG_MAX (8 * 101 * UPSTREAM_RECEIVE_BUFFER)

static void
upstream_backlog_enqueue(struct upstream_transfer *t)
{
	t->queue = QUEUE_WAITING;
	TAILQ_INSERT_TAIL(&t->upstream->waiting, t, link);
}

static void
upstream_backlog_dequeue(struct upstream_transfer *t)
{
	TAILQ_REMOVE(&t->upstream->waiting, t, link);
	t->queue = QUEUE_NONE;
}

static void
upstream_backlog_schedule(struct upstream *u)
{
	static const struct timeval at_once = {0};

	if (!evtimer_pending(u->next_iteration, NULL))
		evtimer_add(u->next_iteration, &at_once);
}

void
upstream_backlog_deliver(struct upstream_transfer *t, struct slice piece)
{
	struct upstream *u = t->upstream;

	u->share -= piece.len < u->share ? piece.len : u->share;
	t->taken += piece.len;
	t->events->data(t->arg, piece);
}

static bool
upstream_backlog_may_take(struct upstream_transfer *t)
{
	struct upstream *u = t->upstream;

	if (t->iteration != u->iteration)
		t->taken = 0;
	t->iteration = u->iteration;
	return u->share > 0 && t->taken < TRANSFER_BYTES_MAX && t->queue == QUEUE_NONE;
}

void
upstream_backlog_wait(struct upstream_transfer *t)
{
	upstream_backlog_schedule(t->upstream);
	if (t->queue == QUEUE_NONE)
		upstream_backlog_enqueue(t);
}

size_t
upstream_backlog_admits(struct upstream_transfer *t)
{
	if (upstream_backlog_may_take(t))
		return TRANSFER_BYTES_MAX;
	if (t->queue == QUEUE_NONE && t->taken < SMALL_READ_MAX) {
		upstream_backlog_schedule(t->upstream);
		return SMALL_READ_MAX - t->taken;
	}
	upstream_backlog_wait(t);
	return 0;
}

enum upstream_backlog
upstream_backlog_take(struct upstream_transfer *t, struct slice piece)
{
	if (upstream_backlog_may_take(t)) {
		upstream_backlog_deliver(t, piece);
		return BACKLOG_NONE;
	}
	upstream_backlog_schedule(t->upstream);
	if (t->queue == QUEUE_NONE) {
		upstream_backlog_enqueue(t);
		t->buffered = t->http2;
		t->engine->backlogged += t->buffered;
		buf_init(&t->backlog, BACKLOG_MAX);
	}
	if (!t->buffered)
		return BACKLOG_PAUSE;
	return buf_append(&t->backlog, piece.p, piece.len) == 0 ? BACKLOG_KEPT : BACKLOG_FULL;
}

void
upstream_backlog_clear(struct upstream_transfer *t)
{
	if (t->queue != QUEUE_WAITING)
		return;
	upstream_backlog_dequeue(t);
	if (!t->buffered)
		return;
	buf_clear(&t->backlog);
	t->buffered = false;
	if (--t->engine->backlogged == 0)
		upstream_backlog_schedule(t->upstream);
}

/* Delivers one part of a backlog. If there is more, the transfer goes to the end of the queue. */
static void
upstream_backlog_deliver_part(struct upstream_transfer *t)
{
	struct slice piece = buf_slice(&t->backlog);

	if (piece.len > TRANSFER_BYTES_MAX)
		piece.len = TRANSFER_BYTES_MAX;
	upstream_backlog_deliver(t, piece);
	/* The callback may have cancelled it. */
	if (t->queue != QUEUE_WAITING)
		return;
	buf_consume(&t->backlog, piece.len);
	if (buf_len(&t->backlog) > 0) {
		upstream_backlog_dequeue(t);
		upstream_backlog_enqueue(t);
		return;
	}
	upstream_backlog_clear(t);
	if (t->is_over)
		upstream_add_ended(t);
}

/* libcurl delivers the data that it holds at once, and reads on when its timer ends. */
static void
upstream_backlog_resume(struct upstream_transfer *t)
{
	upstream_backlog_dequeue(t);
	if (t->easy != NULL)
		curl_easy_pause(t->easy, CURLPAUSE_CONT);
	else
		upstream_plain_resume(t->plain);
}

/* Each transfer that waits now gets a part while the share lasts. */
static void
upstream_backlog_share_out(struct upstream *u)
{
	struct upstream_transfer *t;
	size_t n = 0;

	u->share = ITERATION_BYTES_MAX;
	u->iteration++;
	TAILQ_FOREACH (t, &u->waiting, link)
		n++;
	u->inside = true;
	for (; n > 0 && u->share > 0 && (t = TAILQ_FIRST(&u->waiting)) != NULL; n--) {
		if (t->buffered)
			upstream_backlog_deliver_part(t);
		else
			upstream_backlog_resume(t);
	}
	u->inside = false;
}

void
upstream_backlog_on_iteration(evutil_socket_t fd, short what, void *arg)
{
	struct upstream *u = arg;
	struct upstream_engine *e;

	(void)fd;
	(void)what;
	upstream_backlog_share_out(u);
	upstream_settle(u);
	LIST_FOREACH (e, &u->engines, link)
		upstream_engine_resume(e);
	if (!TAILQ_EMPTY(&u->waiting))
		upstream_backlog_schedule(u);
}
