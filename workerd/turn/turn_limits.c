/*
 * The limits of running replies: of the worker and of a client address. storaged, which knows the replies
 * of all workers, checks the limit of a conversation when the turn begins.
 */
#include "workerd/turn/turn_internal.h"

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

bool
turn_limits_admit(const struct turns *turns, uint64_t source, enum turn_failure *why)
{
	const struct turn_limits *limits = &turns->limits;

	*why = TURN_OVERLOADED;
	if (limits->replies > 0 && turns->running_n >= limits->replies)
		return false;
	*why = TURN_TOO_MANY;
	return limits->of_address == 0 || source == 0 ||
	    turn_limits_count(turns, source) < limits->of_address;
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
	if (t->source != 0)
		LIST_REMOVE(t, source_link);
	t->source = 0;
}
