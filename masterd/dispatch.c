/*
 * The choice of a worker, and the one connection that may wait because every worker refused it.
 */
#include "masterd/dispatch.h"

#include <errno.h>
#include <stdlib.h>

#include <bsd/stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"

/* How long to avoid workers whose sockets refused a connection, unless one acknowledges earlier. */
#define RETRY_MS 100

struct dispatch {
	struct scoreboard *scoreboard;
	struct worker *ready[SCOREBOARD_WORKERS_MAX];
	size_t n;
	uint64_t random;
	uint64_t given; /* connections sent so far */

	struct arrival waiting; /* refused by every worker; fd is -1 if there is none */
	struct event *retry;

	void (*room)(void *ctx);
	void *ctx;
};

/* Splitmix64 (public domain, Vigna): fairness needs no secrecy, and this needs no system call. */
static uint64_t
dispatch_random(struct dispatch *d)
{
	uint64_t z = d->random += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static bool
dispatch_can_take(const struct worker *w)
{
	return w->in_flight < DISPATCH_IN_FLIGHT_MAX && !w->congested &&
	    w->heartbeat.missed == 0;
}

static uint64_t
dispatch_load_of(const struct dispatch *d, const struct worker *w)
{
	return w->in_flight +
	    atomic_load_explicit(
		&d->scoreboard->workers[w->number].connections, memory_order_relaxed);
}

/* The one that can take a connection; if both can, the one with the smaller load. Either may be
 * NULL. */
static struct worker *
dispatch_better(const struct dispatch *d, struct worker *a, struct worker *b)
{
	if (a == NULL || !dispatch_can_take(a))
		return b != NULL && dispatch_can_take(b) ? b : NULL;
	if (b == NULL || !dispatch_can_take(b))
		return a;
	return dispatch_load_of(d, b) < dispatch_load_of(d, a) ? b : a;
}

/* NULL if no worker can take a connection. */
static struct worker *
dispatch_choose(struct dispatch *d)
{
	uint64_t r = dispatch_random(d);
	struct worker *best = NULL;
	size_t a, b;

	if (d->n < 2)
		return d->n == 0 ? NULL : dispatch_better(d, d->ready[0], NULL);
	a = (r >> 32) % d->n;
	b = (a + 1 + (r & UINT32_MAX) % (d->n - 1)) % d->n;
	best = dispatch_better(d, d->ready[a], d->ready[b]);
	/* Neither has room, which is rare: compare all workers. */
	for (size_t i = 0; best == NULL && i < d->n; i++)
		best = dispatch_better(d, d->ready[i], best);
	return best;
}

bool
dispatch_has_room(const struct dispatch *d)
{
	if (d->waiting.fd != -1)
		return false;
	for (size_t i = 0; i < d->n; i++)
		if (dispatch_can_take(d->ready[i]))
			return true;
	return false;
}

/* Errors that pass by themselves: a full socket, too many descriptors in flight (unix(7)), a worker
 * that has just died and is removed when its control socket reports that. */
static bool
dispatch_is_expected(int error)
{
	return error == EAGAIN || error == ETOOMANYREFS || error == EPIPE ||
	    error == ECONNRESET;
}

/* Tries one worker after the other; false if all refuse. Each refusal excludes a worker from the
 * choice, so the loop ends. */
static bool
dispatch_send_to_any(struct dispatch *d, const struct arrival *a)
{
	const struct msg_connection m = {
	    .number = d->given + 1,
	    .peer = ip_slice(&a->from.ip),
	    .port = a->from.port,
	    .loopback = a->loopback,
	    .proxied = a->proxied,
	};
	struct worker *w;

	while ((w = dispatch_choose(d)) != NULL) {
		if (worker_send_connection(w, &m, a->fd) == 0) {
			d->given++;
			metric_add(&d->scoreboard->master.accepted, 1);
			return true;
		}
		if (!dispatch_is_expected(errno))
			log_event(LOG_WARN, "handover_failed", L_UINT("worker", w->number),
			    L_INT("pid", w->pid), L_ERRNO());
		w->congested = true;
		loop_after(d->retry, RETRY_MS);
	}
	return false;
}

void
dispatch_give(struct dispatch *d, const struct arrival *arrival)
{
	struct arrival a = *arrival;

	must(d->waiting.fd == -1);
	if (dispatch_send_to_any(d, &a))
		closefd(&a.fd);
	d->waiting = a;
}

/* There may be room: sends the waiting connection first, then lets listeners accept. */
static void
dispatch_retry_waiting(struct dispatch *d)
{
	if (d->waiting.fd != -1 && dispatch_send_to_any(d, &d->waiting))
		closefd(&d->waiting.fd);
	if (dispatch_has_room(d))
		d->room(d->ctx);
}

static void
dispatch_on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct dispatch *d = arg;

	(void)fd, (void)what;
	for (size_t i = 0; i < d->n; i++)
		d->ready[i]->congested = false;
	dispatch_retry_waiting(d);
}

void
dispatch_drop(struct dispatch *d)
{
	closefd(&d->waiting.fd);
	event_del(d->retry);
}

void
dispatch_add(struct dispatch *d, struct worker *w)
{
	must(d->n < ARRAY_LEN(d->ready));
	d->ready[d->n++] = w;
	dispatch_retry_waiting(d);
}

void
dispatch_remove(struct dispatch *d, const struct worker *w)
{
	for (size_t i = 0; i < d->n; i++) {
		if (d->ready[i] == w) {
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
dispatch_taken(struct dispatch *d, struct worker *w)
{
	w->congested = false;
	dispatch_retry_waiting(d);
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
	d->retry = loop_timer(base, dispatch_on_retry, d);
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
