/*
 * Which connection carries which request. A connection that is open and has room is always used; a new one
 * is opened only if those that are being opened cannot carry what waits.
 */
#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/model/upstream_internal.h"

#define RESTING_MAX 64 /* connections without a request */

/* One that is too old gets no further requests, so that a changed address is noticed. */
static struct upstream_conn *
upstream_pool_find(struct upstream *u)
{
	struct upstream_conn *c;

	while ((c = LIST_FIRST(&u->ready)) != NULL) {
		if (clock_mono_ms() - c->opened_ms < u->age_ms)
			return c;
		c->retiring = true;
		upstream_pool_sort(c);
	}
	return NULL;
}

void
upstream_pool_dispatch(struct upstream *u)
{
	struct upstream_conn *c;

	while (u->pending_n > 0 && (c = upstream_pool_find(u)) != NULL) {
		struct upstream_transfer *t = TAILQ_FIRST(&u->pending);

		upstream_pool_remove_pending(t);
		upstream_conn_add(c, t);
	}
	while (u->pending_n > u->opening * u->expected)
		upstream_conn_open(u);
}

void
upstream_pool_add_pending(struct upstream_transfer *t)
{
	t->queue = QUEUE_PENDING;
	TAILQ_INSERT_TAIL(&t->upstream->pending, t, link);
	t->upstream->pending_n++;
}

void
upstream_pool_remove_pending(struct upstream_transfer *t)
{
	t->queue = QUEUE_NONE;
	TAILQ_REMOVE(&t->upstream->pending, t, link);
	t->upstream->pending_n--;
}

static void
upstream_pool_move(struct upstream_conn *c, struct upstream_conns *to)
{
	LIST_REMOVE(c, link);
	LIST_INSERT_HEAD(to, c, link);
}

void
upstream_pool_sort(struct upstream_conn *c)
{
	struct upstream *u = c->upstream;
	bool open = c->state == CONN_OPEN, resting = open && c->settled && c->streams == 0;

	u->resting += (size_t)resting - (size_t)c->resting;
	c->resting = resting;
	/* Many may open in one turn, before upstream_pool_dispatch() gives them what is pending. */
	if (resting &&
	    (c->retiring || (c->http2 == NULL && u->resting > RESTING_MAX + u->pending_n))) {
		upstream_conn_close(c);
		return;
	}
	if (c->state == CONN_CLOSED)
		upstream_pool_move(c, &u->closed);
	else if (c->has_room != (open && !c->retiring && c->streams < c->limit)) {
		c->has_room = !c->has_room;
		upstream_pool_move(c, c->has_room ? &u->ready : &u->busy);
	}
}

void
upstream_pool_refused(struct upstream *u, const char *detail)
{
	struct upstream_transfer *t;

	for (size_t n = u->expected; n > 0 && (t = TAILQ_FIRST(&u->pending)) != NULL; n--) {
		upstream_pool_remove_pending(t);
		upstream_transfer_over(t, UPSTREAM_CONNECT, detail);
	}
}
