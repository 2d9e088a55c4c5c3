/*
 * The scoreboard: shared memory that masterd makes (memfd_create(2)) and every worker maps.
 *
 * One slot per worker with its gauges and counters, each written by that worker alone, and the
 * cells of the rate limits, written by all. Everything in it is a 64-bit atomic, so that a
 * process killed in mid-step leaves nothing half-written.
 */
#ifndef PROTO_SCOREBOARD_H
#define PROTO_SCOREBOARD_H

#include <stdatomic.h>
#include <stdint.h>

#include "proto/ratelimit.h"

#define SCOREBOARD_WORKERS_MAX 256

/* What one worker tells. A restarted worker goes on counting where the dead one stopped; gauges
 * are reset by masterd when it reaps. */
struct scoreboard_worker {
	_Alignas(64) _Atomic uint64_t pid; /* 0: nobody */
	/* gauges */
	_Atomic uint64_t connections;
	_Atomic uint64_t turns_running;
	/* counters */
	_Atomic uint64_t requests;
	_Atomic uint64_t turns_done;
	_Atomic uint64_t turns_failed;
	_Atomic uint64_t rate_limited;
};

struct scoreboard {
	uint64_t magic;
	uint64_t size;
	struct scoreboard_worker workers[SCOREBOARD_WORKERS_MAX];
	struct ratelimit rates;
};

/* Makes a fresh one; *fd gets its descriptor (close-on-exec) to hand to workers. Aborts if the
 * kernel refuses: nothing can run without it. */
struct scoreboard *scoreboard_create(int *fd);

/* Maps the one that fd refers to; NULL with errno when it is none of ours. */
[[gnu::warn_unused_result]] struct scoreboard *scoreboard_map(int fd);

void scoreboard_unmap(struct scoreboard *sb);

#endif
