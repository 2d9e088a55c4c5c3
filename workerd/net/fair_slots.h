/*
 * Slots that organizations share, such as deliveries that are under way.
 *
 * An organization gets one more slot only while it has fewer than are free. So one alone takes half of them, and n
 * organizations that want all take n/(n+1), equally: who has none finds one at once, whatever the others do. (Dynamic
 * thresholds: Choudhury and Hahne, IEEE/ACM Transactions on Networking 6(2), 1998.)
 */
#ifndef WORKERD_NET_FAIR_SLOTS_H
#define WORKERD_NET_FAIR_SLOTS_H

#include "proto/base/ids.h"

#define FAIR_SLOTS_MAX 256

/* All bytes zero but for most, which is at most FAIR_SLOTS_MAX: no slot is taken. */
struct fair_slots {
	size_t most, used, n;
	struct {
		struct id org;
		size_t used; /* not 0 */
	} orgs[FAIR_SLOTS_MAX];
};

/* Whether the organization may take a slot now. */
bool fair_slots_has(const struct fair_slots *s, const struct id *org);

/* Takes a slot; one must be free. Who takes it without asking fair_slots_has() gets more than its share. */
void fair_slots_take(struct fair_slots *s, const struct id *org);

/* Gives back a slot that the organization has. */
void fair_slots_give(struct fair_slots *s, const struct id *org);

#endif
