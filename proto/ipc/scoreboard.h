/*
 * The scoreboard: shared memory that masterd makes (memfd_create(2)) and every worker maps.
 *
 * One slot per worker with its gauges and counters and one with its clients' addresses, each
 * written by that worker alone, and the cells of the rate limits, written by all. Everything in it is a 64-bit atomic, so that a
 * process killed in mid-step leaves nothing half-written.
 */
#ifndef PROTO_IPC_SCOREBOARD_H
#define PROTO_IPC_SCOREBOARD_H

#include "proto/ipc/connection_counts.h"
#include "proto/ipc/metrics.h"
#include "proto/ipc/ratelimit.h"

#define SCOREBOARD_WORKERS_MAX 256

/* What one worker tells. A restarted worker goes on counting where the dead one stopped; gauges
 * are reset by masterd when it reaps. */
struct scoreboard_worker {
	_Alignas(64) metric_cell pid; /* 0: nobody */
#define WORKER_METRIC(KIND, field, LABELS, name, help) \
	METRIC_TYPE_##KIND field METRIC_DIM_##LABELS;
#include "proto/ipc/metrics.def"
};

/* What masterd tells of itself. */
struct scoreboard_master {
	_Alignas(64) metric_cell pid;
	metric_cell started_at; /* ms since 1970 */
	metric_cell
	    slots_used; /* slots of workers that have ever been used; those beyond are zero */
#define MASTER_METRIC(KIND, field, LABELS, name, help) \
	METRIC_TYPE_##KIND field METRIC_DIM_##LABELS;
#include "proto/ipc/metrics.def"
};

struct scoreboard {
	uint64_t magic;
	uint64_t size;
	struct scoreboard_master master;
	struct scoreboard_worker workers[SCOREBOARD_WORKERS_MAX];
	struct ratelimit rates;
	uint8_t connection_counts_secret[32];
	struct connection_counts connection_counts[SCOREBOARD_WORKERS_MAX]; /* by slot */
};

/* A worker has been started in a slot, or its death has been seen; for masterd alone. */
void scoreboard_worker_started(struct scoreboard *sb, unsigned slot, uint64_t pid);
void scoreboard_worker_gone(struct scoreboard *sb, unsigned slot);

/* Makes a fresh one; *fd gets its descriptor (close-on-exec) to hand to workers. Aborts if the
 * kernel refuses: nothing can run without it. */
struct scoreboard *scoreboard_create(int *fd);

/* Maps the one that fd refers to; NULL with errno when it is none of ours. */
[[gnu::warn_unused_result]] struct scoreboard *scoreboard_map(int fd);

void scoreboard_unmap(struct scoreboard *sb);

/* The number of the layout: with the size, whether two programs can share one. */
unsigned scoreboard_layout(void);

#endif
