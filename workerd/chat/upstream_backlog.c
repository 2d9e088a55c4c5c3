/*
 * What one turn of the loop takes of the answers, fairly over all transfers.
 *
 * libcurl hands over all that has come, up to a hundred buffers of each transfer at a time. A share
 * of that is dealt with at once; the rest waits here, and in each of the next turns every transfer
 * in its turn gives a piece of it, until a share is used up again. libcurl is not asked for more by
 * an engine that has something waiting here, which bounds what waits.
 */
#include "proto/basics.h"
#include "workerd/chat/upstream_internal.h"

/* Some 500 tokens, which take some 2 ms to read, relay and keep. */
#define SHARE (128u * 1024)
#define PIECE (4u * 1024)

/* A hundred of libcurl's buffers, and as much again for what its timers do in the same call. */
#define BACKLOG_MAX (2 * 101 * UPSTREAM_RECEIVE_BUFFER)

static void
behind(struct upstream_transfer *t)
{
	t->queue = QUEUE_BEHIND;
	TAILQ_INSERT_TAIL(&t->upstream->behind, t, link);
}

static void
ask_for_next_turn(struct upstream *u)
{
	static const struct timeval at_once = {0};

	if (!evtimer_pending(u->next_turn, NULL))
		evtimer_add(u->next_turn, &at_once);
}

int
backlog_take(struct upstream_transfer *t, struct slice piece)
{
	struct upstream *u = t->upstream;

	if (u->share >= piece.len && t->queue == QUEUE_NONE) {
		u->share -= piece.len;
		t->events->data(t->arg, piece);
		return 0;
	}
	u->share = 0;
	ask_for_next_turn(u);
	if (t->queue == QUEUE_NONE) {
		buf_init(&t->backlog, BACKLOG_MAX);
		t->engine->behind++;
		behind(t);
	}
	return buf_append(&t->backlog, piece.p, piece.len);
}

void
backlog_clear(struct upstream_transfer *t)
{
	if (t->queue != QUEUE_BEHIND)
		return;
	buf_clear(&t->backlog);
	TAILQ_REMOVE(&t->upstream->behind, t, link);
	t->queue = QUEUE_NONE;
	if (--t->engine->behind == 0)
		ask_for_next_turn(t->upstream);
}

/* One piece of one transfer; then it waits behind all others again, if there is more. */
static void
give_piece(struct upstream_transfer *t)
{
	struct upstream *u = t->upstream;
	struct slice piece = buf_slice(&t->backlog);

	if (piece.len > PIECE)
		piece.len = PIECE;
	u->share -= piece.len < u->share ? piece.len : u->share;
	t->events->data(t->arg, piece);
	/* It may have been cancelled, and is no longer in the queue then. */
	if (t->queue != QUEUE_BEHIND)
		return;
	buf_consume(&t->backlog, piece.len);
	if (buf_len(&t->backlog) > 0) {
		TAILQ_REMOVE(&u->behind, t, link);
		behind(t);
		return;
	}
	backlog_clear(t);
	if (t->ended)
		upstream_over(t);
}

void
backlog_on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct upstream *u = arg;
	struct upstream_transfer *t;
	struct engine *e;

	(void)fd;
	(void)what;
	u->share = SHARE;
	u->inside = true;
	while (u->share > 0 && (t = TAILQ_FIRST(&u->behind)) != NULL)
		give_piece(t);
	u->inside = false;
	upstream_settle(u);
	LIST_FOREACH (e, &u->engines, link)
		if (e->behind == 0)
			engine_resume(e);
	if (!TAILQ_EMPTY(&u->behind))
		ask_for_next_turn(u);
}
