/*
 * A heap slot contains the deadline beside the pointer, so that sifting does not access the
 * streams' own memory.
 */
#include "tests/stub/pace.h"

#include <sys/timerfd.h>

#include <stdlib.h>

#include <event2/event.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"

/* Steps served before the sockets are polled again. */
#define VISITS_MAX 1024

struct pace_slot {
	uint64_t when;
	struct pace_entry *entry;
};

/* Slots count from 1, so that the parent of i is i / 2. */
static void
pace_put(struct pace *p, size_t at, struct pace_slot s)
{
	p->heap[at] = s;
	s.entry->slot = at;
}

static void
pace_sift_up(struct pace *p, size_t at, struct pace_slot s)
{
	for (; at > 1 && s.when < p->heap[at / 2].when; at /= 2)
		pace_put(p, at, p->heap[at / 2]);
	pace_put(p, at, s);
}

static void
pace_sift_down(struct pace *p, size_t at, struct pace_slot s)
{
	for (size_t child; (child = at * 2) <= p->count; at = child) {
		if (child < p->count && p->heap[child + 1].when < p->heap[child].when)
			child++;
		if (s.when <= p->heap[child].when)
			break;
		pace_put(p, at, p->heap[child]);
	}
	pace_put(p, at, s);
}

static void
pace_arm(struct pace *p)
{
	struct itimerspec spec = {0};
	uint64_t when;

	if (p->count == 0)
		return;
	when = p->heap[1].when;
	if (p->armed != 0 && p->armed <= when)
		return;
	p->armed = when;
	spec.it_value.tv_sec = (time_t)(when / 1000000000u);
	spec.it_value.tv_nsec = (long)(when % 1000000000u);
	/* Setting the time also clears the expiry that woke us: no read is needed. */
	must(timerfd_settime(p->fd, TFD_TIMER_ABSTIME, &spec, NULL) == 0);
}

static void
pace_disarm(struct pace *p)
{
	struct itimerspec off = {0};

	must(timerfd_settime(p->fd, 0, &off, NULL) == 0);
}

/* The timerfd fired: serves everything due now, once. What becomes due meanwhile is served in the
 * next iteration. */
static void
pace_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct pace *p = arg;
	uint64_t now = clock_mono_ns();

	(void)fd;
	(void)what;
	/* Earlier than any deadline: pace_at() below must not arm the timer once per stream. */
	p->armed = 1;
	for (int n = 0; n < VISITS_MAX && p->count > 0 && p->heap[1].when <= now; n++) {
		struct pace_entry *e = p->heap[1].entry;

		pace_cancel(p, e);
		p->due(e);
	}
	p->armed = 0;
	if (p->count == 0)
		pace_disarm(p);
	else
		pace_arm(p);
}

void
pace_init(struct pace *p, struct event_base *base, void (*due)(struct pace_entry *))
{
	*p = (struct pace){.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)};
	p->due = due;
	must(p->fd != -1 &&
	    event_assign(&p->timer, base, p->fd, EV_READ | EV_PERSIST, pace_on_timer, p) == 0 &&
	    event_add(&p->timer, NULL) == 0);
}

void
pace_clear(struct pace *p)
{
	event_del(&p->timer);
	closefd(&p->fd);
	free(p->heap);
}

static void
pace_insert(struct pace *p, struct pace_entry *e, uint64_t when)
{
	pace_cancel(p, e);
	if (p->count + 1 >= p->cap) {
		p->cap = p->cap == 0 ? 64 : p->cap * 2;
		p->heap = xreallocarray(p->heap, p->cap, sizeof(*p->heap));
	}
	p->count++;
	pace_sift_up(p, p->count, (struct pace_slot){when, e});
	pace_arm(p);
}

void
pace_at(struct pace *p, struct pace_entry *e, uint64_t when)
{
	uint64_t now = clock_mono_ns();

	/* All past deadlines become "now", so that a stream that is far behind does not always come
	 * first. */
	if (when <= now)
		pace_insert(p, e, now);
	else
		pace_insert(p, e, (when + PACE_GRAIN_NS - 1) / PACE_GRAIN_NS * PACE_GRAIN_NS);
}

void
pace_cancel(struct pace *p, struct pace_entry *e)
{
	size_t at = e->slot;
	struct pace_slot last;

	if (at == 0)
		return;
	e->slot = 0;
	last = p->heap[p->count--];
	if (last.entry == e)
		return;
	if (at > 1 && last.when < p->heap[at / 2].when)
		pace_sift_up(p, at, last);
	else
		pace_sift_down(p, at, last);
}
