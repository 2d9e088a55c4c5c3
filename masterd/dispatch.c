/*
 * The choice of a worker, and the one connection that may wait because none would have it.
 */
#include "masterd/dispatch.h"

#include <errno.h>
#include <stdlib.h>

#include <bsd/stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"

/* How long workers are left alone whose sockets refused a connection, unless one acknowledges
 * earlier. */
#define RETRY_MS 100

/* A connection on its way to a worker. */
struct arrival {
	int fd;
	struct address from;
	bool loopback;
};

struct dispatch {
	struct scoreboard *scoreboard;
	struct child *ready[SCOREBOARD_WORKERS_MAX];
	size_t n;
	uint64_t random;
	uint64_t given; /* connections so far */

	struct arrival waiting; /* nobody would have it; its fd is -1 if there is none */
	struct event *retry;

	void (*room)(void *ctx);
	void *ctx;
};

/* -- the choice -------------------------------------------------------------------------- */

/* Splitmix64 (public domain, Vigna): fairness needs no secrecy, and this needs no system call. */
static uint64_t
next_random(struct dispatch *d)
{
	uint64_t z = d->random += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static bool
can_take(const struct child *c)
{
	return c->in_flight < DISPATCH_IN_FLIGHT_MAX && !c->congested && c->pulse.missed == 0;
}

static uint64_t
work_of(const struct dispatch *d, const struct child *c)
{
	return c->in_flight +
	    atomic_load_explicit(
		&d->scoreboard->workers[c->number].connections, memory_order_relaxed);
}

/* The one that can take it; of two that can, the one with less to do. Either may be NULL. */
static struct child *
better(const struct dispatch *d, struct child *a, struct child *b)
{
	if (a == NULL || !can_take(a))
		return b != NULL && can_take(b) ? b : NULL;
	if (b == NULL || !can_take(b))
		return a;
	return work_of(d, b) < work_of(d, a) ? b : a;
}

/* NULL when nobody can take a connection. */
static struct child *
choose(struct dispatch *d)
{
	uint64_t r = next_random(d);
	struct child *best = NULL;
	size_t a, b;

	if (d->n < 2)
		return d->n == 0 ? NULL : better(d, d->ready[0], NULL);
	a = (r >> 32) % d->n;
	b = (a + 1 + (r & UINT32_MAX) % (d->n - 1)) % d->n;
	best = better(d, d->ready[a], d->ready[b]);
	/* Both are behind, which is rare: look at all of them. */
	for (size_t i = 0; best == NULL && i < d->n; i++)
		best = better(d, d->ready[i], best);
	return best;
}

bool
dispatch_has_room(const struct dispatch *d)
{
	if (d->waiting.fd != -1)
		return false;
	for (size_t i = 0; i < d->n; i++)
		if (can_take(d->ready[i]))
			return true;
	return false;
}

/* -- giving ------------------------------------------------------------------------------ */

/* What passes by itself: a full socket, too many descriptors under way (unix(7)), a worker that
 * has just died and is removed as soon as its control socket tells. */
static bool
is_ordinary(int error)
{
	return error == EAGAIN || error == ETOOMANYREFS || error == EPIPE ||
	    error == ECONNRESET;
}

/* Sends to one worker after the other until one has it: false when all refuse. Every refusal
 * takes a worker out of the choice, so this ends. */
static bool
send_to_someone(struct dispatch *d, const struct arrival *a)
{
	const struct msg_connection m = {
	    .number = d->given + 1,
	    .peer = {.p = a->from.bytes, .len = a->from.len},
	    .port = a->from.port,
	    .loopback = a->loopback,
	};
	struct child *c;

	while ((c = choose(d)) != NULL) {
		if (child_send_connection(c, &m, a->fd) == 0) {
			d->given++;
			metric_add(&d->scoreboard->master.accepted, 1);
			return true;
		}
		if (!is_ordinary(errno))
			log_event(LOG_WARN, "handover_failed", L_UINT("worker", c->number),
			    L_INT("pid", c->pid), L_ERRNO());
		c->congested = true;
		loop_after(d->retry, RETRY_MS);
	}
	return false;
}

void
dispatch_give(struct dispatch *d, int fd, const struct address *from, bool loopback)
{
	struct arrival a = {.fd = fd, .from = *from, .loopback = loopback};

	must(d->waiting.fd == -1);
	if (send_to_someone(d, &a))
		closefd(&a.fd);
	d->waiting = a;
}

/* Something has changed for the better: first the one that waits, then new ones. */
static void
offer_room(struct dispatch *d)
{
	if (d->waiting.fd != -1 && send_to_someone(d, &d->waiting))
		closefd(&d->waiting.fd);
	if (dispatch_has_room(d))
		d->room(d->ctx);
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct dispatch *d = arg;

	(void)fd, (void)what;
	for (size_t i = 0; i < d->n; i++)
		d->ready[i]->congested = false;
	offer_room(d);
}

void
dispatch_drop(struct dispatch *d)
{
	closefd(&d->waiting.fd);
	event_del(d->retry);
}

/* -- the workers ------------------------------------------------------------------------- */

void
dispatch_add(struct dispatch *d, struct child *c)
{
	must(d->n < ARRAY_LEN(d->ready));
	d->ready[d->n++] = c;
	offer_room(d);
}

void
dispatch_remove(struct dispatch *d, const struct child *c)
{
	for (size_t i = 0; i < d->n; i++) {
		if (d->ready[i] == c) {
			d->ready[i] = d->ready[--d->n];
			return;
		}
	}
}

size_t
dispatch_workers(const struct dispatch *d)
{
	return d->n;
}

void
dispatch_taken(struct dispatch *d, struct child *c)
{
	c->congested = false;
	offer_room(d);
}

struct dispatch *
dispatch_new(
    struct event_base *base, struct scoreboard *scoreboard, void (*room)(void *ctx), void *ctx)
{
	struct dispatch *d = xcalloc(1, sizeof(*d));

	d->scoreboard = scoreboard;
	d->waiting.fd = -1;
	d->room = room;
	d->ctx = ctx;
	arc4random_buf(&d->random, sizeof(d->random));
	d->retry = loop_timer(base, on_retry, d);
	return d;
}

void
dispatch_free(struct dispatch *d)
{
	if (d == NULL)
		return;
	dispatch_drop(d);
	loop_free(&d->retry);
	free(d);
}
