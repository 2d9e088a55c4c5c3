/*
 * Only organizations with slots have an entry, so there are few.
 */
#include "workerd/net/fair_slots.h"

#include "proto/base/basics.h"

/* The entry of the organization; s->n: it has none. */
static size_t
fair_slots_find(const struct fair_slots *s, const struct id *org)
{
	size_t i = 0;

	while (i < s->n && !id_equal(&s->orgs[i].org, org))
		i++;
	return i;
}

bool
fair_slots_has(const struct fair_slots *s, const struct id *org)
{
	const size_t i = fair_slots_find(s, org);

	return (i < s->n ? s->orgs[i].used : 0) < s->most - s->used;
}

void
fair_slots_take(struct fair_slots *s, const struct id *org)
{
	const size_t i = fair_slots_find(s, org);

	must(s->used < s->most && s->most <= FAIR_SLOTS_MAX);
	if (i == s->n) {
		s->orgs[i].org = *org;
		s->orgs[i].used = 0;
		s->n++;
	}
	s->orgs[i].used++;
	s->used++;
}

void
fair_slots_give(struct fair_slots *s, const struct id *org)
{
	const size_t i = fair_slots_find(s, org);

	must(i < s->n);
	s->used--;
	if (--s->orgs[i].used == 0)
		s->orgs[i] = s->orgs[--s->n];
}
