/*
 * The scoreboard: shared memory that masterd creates (memfd_create(2)) and every worker maps.
 *
 * Each worker has a slot with its gauges and counters and a table of its clients' addresses,
 * written by that worker alone. The cells of the rate limits are written by all. All values are
 * 64-bit atomics, so that a process killed at any point leaves nothing half-written.
 */
#ifndef PROTO_IPC_SCOREBOARD_H
#define PROTO_IPC_SCOREBOARD_H

#include "proto/ipc/connection_counts.h"
#include "proto/ipc/crashes.h"
#include "proto/ipc/metrics.h"
#include "proto/ipc/ratelimit.h"

#define SCOREBOARD_WORKERS_MAX 256

#define PART_MEMORY_MAX     64
#define PART_MEMORY_MEMBERS 4

/* Which parts of a request the model servers do not take (workerd/model/parts/part_memory.h). */
struct part_memory {
	struct part_memory_entry {
		metric_cell key; /* of a server and its model; 0: free */
		metric_cell parts, members[PART_MEMORY_MEMBERS]; /* of members 0: none */
		metric_cell until_ms;                            /* clock_mono_ms() */
	} at[PART_MEMORY_MAX];
};

/* One worker's metrics. A restarted worker continues the counters of its predecessor in the slot;
 * masterd resets the gauges when it reaps a worker. */
struct scoreboard_worker {
	_Alignas(64) metric_cell pid; /* 0: no worker */
	/* When a model server last refused a request because the account has no money or quota left, in ms since
	 * 1970; 0: never. */
	metric_cell model_unpaid_at;
#define WORKER_METRIC(KIND, field, LABELS, name, help) \
	METRIC_TYPE_##KIND field METRIC_DIM_##LABELS;
#include "proto/ipc/metrics.def"
	struct part_memory refused; /* forgotten when a worker starts in the slot */
};

/* masterd's own metrics. */
struct scoreboard_master {
	_Alignas(64) metric_cell pid;
	metric_cell started_at; /* ms since 1970 */
	metric_cell slots_used; /* number of worker slots ever used; the others are zero */
#define MASTER_METRIC(KIND, field, LABELS, name, help) \
	METRIC_TYPE_##KIND field METRIC_DIM_##LABELS;
#include "proto/ipc/metrics.def"
};

struct scoreboard {
	uint64_t magic;
	uint64_t size;
	struct scoreboard_master master;
	struct scoreboard_worker workers[SCOREBOARD_WORKERS_MAX];
	struct crashes worker_crashes, store_crashes;
	struct ratelimit rates;
	uint8_t connection_counts_secret[32];
	struct connection_counts connection_counts[SCOREBOARD_WORKERS_MAX]; /* by slot */
};

/* A worker was started in a slot, or was reaped; called by masterd alone. */
void scoreboard_worker_started(struct scoreboard *sb, unsigned slot, uint64_t pid);
void scoreboard_worker_gone(struct scoreboard *sb, unsigned slot);

/* Creates a scoreboard; *fd gets its descriptor (close-on-exec) to pass to workers. Aborts on
 * failure: nothing can run without it. */
struct scoreboard *scoreboard_create(int *fd);

/* Maps the scoreboard behind fd; NULL with errno EINVAL if it is not a scoreboard of this
 * layout. */
[[gnu::warn_unused_result]] struct scoreboard *scoreboard_map(int fd);

void scoreboard_unmap(struct scoreboard *sb);

/* Whether storaged, or workers, ended at least so many times within ten minutes; limit 0: never. */
bool scoreboard_store_crashes(const struct scoreboard *sb, uint64_t limit);
bool scoreboard_workers_crash(const struct scoreboard *sb, uint64_t limit);

/* The layout's number. Two programs can share a scoreboard if this and the size are equal. */
unsigned scoreboard_layout(void);

#endif
