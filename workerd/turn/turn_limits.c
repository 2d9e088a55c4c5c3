/*
 * The limits of running replies: of the worker, of an organization and of a client address, of the memory that they
 * need, and of the time that they run without a listener. storaged, which knows the replies of all workers, checks
 * the limit of a conversation when the turn begins.
 *
 * An organization gets one more place only while it has fewer than ORG_SHARE times those that are free. So one alone
 * leaves a ninth of them to the others, and several that want all have nearly equal numbers (see net/fair_slots.h).
 */
#include <stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/turn/turn_internal.h"

/* How often replies without a listener are searched. */
#define SWEEP_MS_MIN 10
#define SWEEP_MS_MAX 1000

#define ORG_SHARE 8

/* The source is a keyed hash: a client cannot choose its list. */
static size_t
turn_limits_bucket(uint64_t source)
{
	return source % TURN_SOURCES;
}

static size_t
turn_limits_count(const struct turns *turns, uint64_t source)
{
	const struct turn *t;
	size_t n = 0;

	LIST_FOREACH (t, &turns->by_source[turn_limits_bucket(source)], source_link)
		n += t->source == source;
	return n;
}

/* Ids end with random bits. */
static size_t
turn_limits_org_bucket(const struct id *org)
{
	return org->b[sizeof(org->b) - 1] % TURN_ORGS;
}

/* NULL: it has no replies. */
static struct turn_org *
turn_limits_find_org(const struct turns *turns, const struct id *org)
{
	struct turn_org *o;

	LIST_FOREACH (o, &turns->orgs[turn_limits_org_bucket(org)], link)
		if (id_equal(&o->id, org))
			return o;
	return NULL;
}

static bool
turn_limits_has_place(const struct turns *turns, const struct id *org)
{
	const size_t most = turns->limits.replies;
	const struct turn_org *o = turn_limits_find_org(turns, org);

	return most == 0 ||
	    (turns->running_n < most &&
		(o == NULL ? 0 : o->replies) < ORG_SHARE * (most - turns->running_n));
}

bool
turn_limits_admit(
    const struct turns *turns, const struct id *org, uint64_t source, enum turn_failure *why)
{
	const struct turn_limits *limits = &turns->limits;

	*why = TURN_OVERLOADED;
	if (!turn_limits_has_place(turns, org))
		return false;
	if (limits->bytes > 0 && turns->held > limits->bytes)
		return false;
	*why = TURN_TOO_MANY;
	return limits->of_address == 0 || source == 0 ||
	    turn_limits_count(turns, source) < limits->of_address;
}

void
turn_limits_enter_org(struct turn *t)
{
	struct turn_org *o = turn_limits_find_org(t->turns, &t->org);

	if (o == NULL) {
		o = xcalloc(1, sizeof(*o));
		o->id = t->org;
		LIST_INSERT_HEAD(&t->turns->orgs[turn_limits_org_bucket(&t->org)], o, link);
	}
	o->replies++;
	t->of_org = o;
}

static void
turn_limits_leave_org(struct turn *t)
{
	struct turn_org *o = t->of_org;

	o->held -= t->held;
	t->of_org = NULL;
	if (--o->replies > 0)
		return;
	LIST_REMOVE(o, link);
	free(o);
}

void
turn_limits_enter(struct turn *t, uint64_t source)
{
	t->source = source;
	if (source != 0)
		LIST_INSERT_HEAD(
		    &t->turns->by_source[turn_limits_bucket(source)], t, source_link);
}

void
turn_limits_leave(struct turn *t)
{
	t->turns->held -= t->held;
	turn_limits_leave_org(t);
	t->held = 0;
	if (t->source != 0)
		LIST_REMOVE(t, source_link);
	t->source = 0;
}

/* Runs for each token. */
void
turn_limits_hold(struct turn *t)
{
	struct turns *turns = t->turns;
	size_t held = t->history.bytes + t->listeners.text.cap + t->whole.cap;

	turns->held = turns->held - t->held + held;
	t->of_org->held = t->of_org->held - t->held + held;
	t->held = held;
	if (turns->limits.bytes > 0 && turns->held > turns->limits.bytes)
		event_active(&turns->excess, EV_TIMEOUT, 0);
}

static bool
turn_limits_is_heard(const struct turn *t)
{
	return t->followed || !reply_listeners_is_empty(&t->listeners);
}

/* Whether a is to be stopped rather than b: the organization that needs most memory loses its own replies. */
static bool
turn_limits_comes_first(const struct turn *a, const struct turn *b)
{
	bool heard = turn_limits_is_heard(a);

	if (a->of_org != b->of_org)
		return a->of_org->held > b->of_org->held;
	return heard == turn_limits_is_heard(b) ? a->held > b->held : !heard;
}

static struct turn *
turn_limits_find_first(const struct turns *turns)
{
	struct turn *first = NULL, *t;

	LIST_FOREACH (t, &turns->running, link)
		if (turn_is_producing(t) &&
		    (first == NULL || turn_limits_comes_first(t, first)))
			first = t;
	return first;
}

static void
turn_limits_stop(struct turn *t, enum turn_failure why)
{
	turn_cancel_calls(t);
	turn_fail(t, why);
}

/* The replies that are being stored are freed when storaged answers. */
static size_t
turn_limits_count_held(const struct turns *turns)
{
	const struct turn *t;
	size_t n = 0;

	LIST_FOREACH (t, &turns->running, link)
		n += t->state == TURN_STORING ? 0 : t->held;
	return n;
}

static void
turn_limits_on_excess(evutil_socket_t fd, short what, void *arg)
{
	struct turns *turns = arg;
	size_t held = turn_limits_count_held(turns);
	struct turn *t;

	(void)fd;
	(void)what;
	while (held > turns->limits.bytes && (t = turn_limits_find_first(turns)) != NULL) {
		held -= t->held;
		turn_limits_stop(t, TURN_OVERLOADED);
	}
}

static void
turn_limits_check_abandoned(struct turn *t, uint64_t now)
{
	if (t->trial || !turn_is_producing(t) || turn_limits_is_heard(t))
		t->unheard_since_ms = 0;
	else if (t->unheard_since_ms == 0)
		t->unheard_since_ms = now;
	else if (now - t->unheard_since_ms >= t->turns->limits.abandoned_ms)
		turn_limits_stop(t, TURN_ABANDONED);
}

static void
turn_limits_on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct turns *turns = arg;
	uint64_t now = clock_mono_ms();
	struct turn *t, *next;

	(void)fd;
	(void)what;
	for (t = LIST_FIRST(&turns->running); t != NULL; t = next) {
		next = LIST_NEXT(t, link);
		turn_limits_check_abandoned(t, now);
	}
}

void
turn_limits_start(struct turns *turns)
{
	unsigned ms = turns->limits.abandoned_ms / 8;
	struct timeval every = clock_timeval(ms < SWEEP_MS_MIN ? SWEEP_MS_MIN
		: ms > SWEEP_MS_MAX                            ? SWEEP_MS_MAX
							       : ms);

	must(evtimer_assign(&turns->excess, turns->base, turn_limits_on_excess, turns) == 0);
	must(event_assign(&turns->abandoned, turns->base, -1, EV_PERSIST, turn_limits_on_sweep,
		 turns) == 0);
	if (turns->limits.abandoned_ms > 0)
		must(event_add(&turns->abandoned, &every) == 0);
}

void
turn_limits_clear(struct turns *turns)
{
	event_del(&turns->excess);
	event_del(&turns->abandoned);
}
