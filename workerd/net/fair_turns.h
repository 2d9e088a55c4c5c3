/*
 * Turns of organizations at a server that works on one request after the other, such as storaged: an organization has one
 * request there at a time, and uses half of the server's time at most. So whoever asks finds at most one request of each
 * other organization before its own, and often none. What needs little time is never delayed: an organization may use
 * FAIR_TURNS_BURST_NS at once.
 *
 * Times are in ns, of the monotonic clock.
 */
#ifndef WORKERD_NET_FAIR_TURNS_H
#define WORKERD_NET_FAIR_TURNS_H

#include "proto/base/ids.h"

#define FAIR_TURNS_MAX      64u /* organizations with a turn, or that have used time lately */
#define FAIR_TURNS_BURST_NS 100000000u

/* All bytes zero but for most: nobody has a turn. */
struct fair_turns {
	/* A turn counts as at most so long: more of it is waiting, for others or for a busy machine. */
	uint64_t most;
	size_t n;
	struct fair_turn {
		struct id org;
		bool runs;
		uint64_t at;   /* when it began, or when the last one ended */
		uint64_t used; /* at that time; half of the time since then is given back */
	} orgs[FAIR_TURNS_MAX];
};

/* How long the organization has to wait for a turn: 0: it may have one now. UINT64_MAX: until one ends. */
uint64_t fair_turns_wait(const struct fair_turns *t, const struct id *org, uint64_t now);

/* Begins a turn, which fair_turns_wait() must allow; and ends it. */
void fair_turns_begin(struct fair_turns *t, const struct id *org, uint64_t now);
void fair_turns_end(struct fair_turns *t, const struct id *org, uint64_t now);

#endif
