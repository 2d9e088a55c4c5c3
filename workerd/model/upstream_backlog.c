/*
 * What one turn of the loop takes of the answers, fairly over all transfers.
 *
 * libcurl reads a hundred buffers of a transfer at a time, if they are there. A share of what comes
 * is dealt with at once, and of that each transfer has a bounded part; the rest waits for the next
 * turns, in which the transfers have theirs one after the other. Over HTTP/1.1 it waits in the
 * kernel: the transfer is paused, or, the plain way, not read. Streams of HTTP/2 must not be paused (libcurl 7.88 may never wake
 * them), so what comes is kept here, and their engine is not driven until it is given out, which
 * bounds what is kept.
 */
#include "proto/base/basics.h"
#include "workerd/model/upstream_internal.h"

/* Some 1,000 tokens, which take some 5 ms to read, relay and keep; and of one transfer. With a quarter
 * of both, to pause and go on cost a tenth of the processor time of a flood. */
#define SHARE (256u * 1024)
#define PART  (64u * 1024)

/* A few tokens, which the plain way may take of each transfer even when the share is used up: those
 * that come at a model's pace, thousands of them, need not queue behind each other. */
#define LITTLE 1024u

/* libcurl reads up to 101 buffers of a transfer in one run, and on a busy machine its timers run the same
 * transfer several times within one call. */
#define KEPT_MAX (8 * 101 * UPSTREAM_RECEIVE_BUFFER)

static void
join_queue(struct upstream_transfer *t)
{
	t->queue = QUEUE_WAITING;
	TAILQ_INSERT_TAIL(&t->upstream->waiting, t, link);
}

static void
leave_queue(struct upstream_transfer *t)
{
	TAILQ_REMOVE(&t->upstream->waiting, t, link);
	t->queue = QUEUE_NONE;
}

static void
ask_for_next_turn(struct upstream *u)
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
may_take(struct upstream_transfer *t)
{
	struct upstream *u = t->upstream;

	if (t->iteration != u->iteration)
		t->taken = 0;
	t->iteration = u->iteration;
	return u->share > 0 && t->taken < PART && t->queue == QUEUE_NONE;
}

void
upstream_backlog_wait(struct upstream_transfer *t)
{
	ask_for_next_turn(t->upstream);
	if (t->queue == QUEUE_NONE)
		join_queue(t);
}

size_t
upstream_backlog_admits(struct upstream_transfer *t)
{
	if (may_take(t))
		return PART;
	if (t->queue == QUEUE_NONE && t->taken < LITTLE) {
		ask_for_next_turn(t->upstream);
		return LITTLE - t->taken;
	}
	upstream_backlog_wait(t);
	return 0;
}

enum upstream_backlog
upstream_backlog_take(struct upstream_transfer *t, struct slice piece)
{
	if (may_take(t)) {
		upstream_backlog_deliver(t, piece);
		return BACKLOG_NONE;
	}
	ask_for_next_turn(t->upstream);
	if (t->queue == QUEUE_NONE) {
		join_queue(t);
		t->buffered = t->http2;
		t->engine->backlogged += t->buffered;
		buf_init(&t->backlog, KEPT_MAX);
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
	leave_queue(t);
	if (!t->buffered)
		return;
	buf_clear(&t->backlog);
	t->buffered = false;
	if (--t->engine->backlogged == 0)
		ask_for_next_turn(t->upstream);
}

/* One part of what is kept; then it waits behind all others again, if there is more. */
static void
give_part(struct upstream_transfer *t)
{
	struct slice piece = buf_slice(&t->backlog);

	if (piece.len > PART)
		piece.len = PART;
	upstream_backlog_deliver(t, piece);
	/* It may have been cancelled, and is no longer in the queue then. */
	if (t->queue != QUEUE_WAITING)
		return;
	buf_consume(&t->backlog, piece.len);
	if (buf_len(&t->backlog) > 0) {
		leave_queue(t);
		join_queue(t);
		return;
	}
	upstream_backlog_clear(t);
	if (t->is_over)
		upstream_add_ended(t);
}

/* libcurl hands over what it holds at once, and reads on when its timer ends. */
static void
go_on(struct upstream_transfer *t)
{
	leave_queue(t);
	if (t->easy != NULL)
		curl_easy_pause(t->easy, CURLPAUSE_CONT);
	else
		upstream_plain_resume(t->plain);
}

/* Each that waits now has a part, as long as there is a share. */
static void
share_out(struct upstream *u)
{
	struct upstream_transfer *t;
	size_t n = 0;

	u->share = SHARE;
	u->iteration++;
	TAILQ_FOREACH (t, &u->waiting, link)
		n++;
	u->inside = true;
	for (; n > 0 && u->share > 0 && (t = TAILQ_FIRST(&u->waiting)) != NULL; n--) {
		if (t->buffered)
			give_part(t);
		else
			go_on(t);
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
	share_out(u);
	upstream_settle(u);
	LIST_FOREACH (e, &u->engines, link)
		upstream_engine_resume(e);
	if (!TAILQ_EMPTY(&u->waiting))
		ask_for_next_turn(u);
}
