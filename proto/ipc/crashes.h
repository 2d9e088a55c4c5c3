/*
 * Processes that ended without being told to, in the scoreboard: of masterd's workers, and of storaged, whose ends the
 * workers see. Any process may add one; those of the last ten minutes count.
 */
#ifndef PROTO_IPC_CRASHES_H
#define PROTO_IPC_CRASHES_H

#include "proto/ipc/metrics.h"

/* So many are remembered, which is also the most that READY_CRASHES can be. */
#define CRASHES_MAX 64

#define CRASHES_RECENT_MS 600000u

struct crashes {
	metric_cell total, last; /* last: the process that was added last */
	metric_cell process[CRASHES_MAX], at[CRASHES_MAX];
};

/* A process ended now (clock_mono_ms()). process: a number that no other one has, not 0. Adding it again, as each worker
 * does that lost its connection to the process, does nothing. */
void crashes_add(struct crashes *c, uint64_t process, uint64_t now);

/* How many ended within CRASHES_RECENT_MS, at most CRASHES_MAX. */
unsigned crashes_recent(const struct crashes *c, uint64_t now);

#endif
