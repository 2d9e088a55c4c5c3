/*
 * An entry is needed while its organization has a turn, or has used time that is not given back yet.
 */
#include "workerd/net/fair_turns.h"

#include "proto/base/basics.h"

/* The entry of the organization; t->n: it has none. */
static size_t
fair_turns_find(const struct fair_turns *t, const struct id *org)
{
	size_t i = 0;

	while (i < t->n && !id_equal(&t->orgs[i].org, org))
		i++;
	return i;
}

/* The time that an organization without a turn has used. */
static uint64_t
fair_turn_used(const struct fair_turn *turn, uint64_t now)
{
	const uint64_t back = now > turn->at ? (now - turn->at) / 2 : 0;

	return turn->used > back ? turn->used - back : 0;
}

static bool
fair_turn_is_idle(const struct fair_turn *turn, uint64_t now)
{
	return !turn->runs && fair_turn_used(turn, now) == 0;
}

/* Whether there is, or may be, room for one more entry. */
static bool
fair_turns_has_room(const struct fair_turns *t, uint64_t now)
{
	bool room = t->n < FAIR_TURNS_MAX;

	for (size_t i = 0; i < t->n && !room; i++)
		room = fair_turn_is_idle(&t->orgs[i], now);
	return room;
}

uint64_t
fair_turns_wait(const struct fair_turns *t, const struct id *org, uint64_t now)
{
	const size_t i = fair_turns_find(t, org);
	uint64_t used;

	if (i == t->n)
		return fair_turns_has_room(t, now) ? 0 : UINT64_MAX;
	if (t->orgs[i].runs)
		return UINT64_MAX;
	used = fair_turn_used(&t->orgs[i], now);
	return used > FAIR_TURNS_BURST_NS ? 2 * (used - FAIR_TURNS_BURST_NS) : 0;
}

void
fair_turns_begin(struct fair_turns *t, const struct id *org, uint64_t now)
{
	size_t i = fair_turns_find(t, org);

	if (i == t->n) {
		for (i = 0; i < t->n && !fair_turn_is_idle(&t->orgs[i], now); i++)
			;
		must(i < FAIR_TURNS_MAX);
		t->n += i == t->n;
		t->orgs[i] = (struct fair_turn){.org = *org, .at = now};
	}
	must(!t->orgs[i].runs);
	t->orgs[i].used = fair_turn_used(&t->orgs[i], now);
	t->orgs[i].at = now;
	t->orgs[i].runs = true;
}

void
fair_turns_end(struct fair_turns *t, const struct id *org, uint64_t now)
{
	const size_t i = fair_turns_find(t, org);
	uint64_t took;

	must(i < t->n && t->orgs[i].runs);
	took = now > t->orgs[i].at ? now - t->orgs[i].at : 0;
	t->orgs[i].used += took < t->most ? took : t->most;
	t->orgs[i].used = fair_turn_used(&t->orgs[i], now);
	t->orgs[i].at = now;
	t->orgs[i].runs = false;
}
