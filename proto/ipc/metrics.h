/*
 * Metric cells, as metrics.def describes them and the scoreboard contains them.
 *
 * Each cell is mostly written by one process and read by all; counting is one relaxed atomic
 * addition, without locks or allocation.
 */
#ifndef PROTO_IPC_METRICS_H
#define PROTO_IPC_METRICS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

typedef _Atomic uint64_t metric_cell;

/* The values of the labels: METRIC_TURN_COMPLETE, …; METRIC_TURN_N is their number. */
enum metric_rate_limited {
#define RATE_LIMITED(NAME, value) METRIC_RATE_LIMITED_##NAME,
#include "proto/ipc/metrics.def"
	METRIC_RATE_LIMITED_N
};

enum metric_turn {
#define TURN(NAME, value) METRIC_TURN_##NAME,
#include "proto/ipc/metrics.def"
	METRIC_TURN_N
};

enum metric_model_error {
#define MODEL_ERROR(NAME, value) METRIC_MODEL_ERROR_##NAME,
#include "proto/ipc/metrics.def"
	METRIC_MODEL_ERROR_N
};

enum metric_tokens {
#define TOKENS(NAME, value) METRIC_TOKENS_##NAME,
#include "proto/ipc/metrics.def"
	METRIC_TOKENS_N
};

enum metric_found {
#define FOUND(NAME, value) METRIC_FOUND_##NAME,
#include "proto/ipc/metrics.def"
	METRIC_FOUND_N
};

enum metric_proxy {
#define PROXY(NAME, value) METRIC_PROXY_##NAME,
#include "proto/ipc/metrics.def"
	METRIC_PROXY_N
};

enum metric_webhook {
#define WEBHOOK(NAME, value) METRIC_WEBHOOK_##NAME,
#include "proto/ipc/metrics.def"
	METRIC_WEBHOOK_N
};

/* HTTP statuses by their position in metrics.def, from 1; 0 is any other. */
enum metric_status {
	METRIC_STATUS_OTHER,
#define STATUS(number) METRIC_STATUS_##number,
#include "proto/ipc/metrics.def"
	METRIC_STATUS_N
};

#define METRIC_ROUTES_MAX 256

/* Upper bounds of a histogram's buckets in nanoseconds; one more bucket is for all larger
 * values. */
#define METRIC_BOUNDS_N 21
extern const uint64_t metric_bounds_ns[METRIC_BOUNDS_N];

struct metric_histogram {
	metric_cell sum_ns;
	metric_cell buckets[METRIC_BOUNDS_N + 1]; /* values in each bucket, not cumulative */
};

/* Declarations of a struct's members from the table. */
#define METRIC_TYPE_COUNTER   metric_cell
#define METRIC_TYPE_GAUGE     metric_cell
#define METRIC_TYPE_HISTOGRAM struct metric_histogram
#define METRIC_DIM_NONE
#define METRIC_DIM_ROUTE        [METRIC_ROUTES_MAX][METRIC_STATUS_N]
#define METRIC_DIM_RATE_LIMITED [METRIC_RATE_LIMITED_N]
#define METRIC_DIM_TURN         [METRIC_TURN_N]
#define METRIC_DIM_MODEL_ERROR  [METRIC_MODEL_ERROR_N]
#define METRIC_DIM_TOKENS       [METRIC_TOKENS_N]
#define METRIC_DIM_WEBHOOK      [METRIC_WEBHOOK_N]
#define METRIC_DIM_FOUND        [METRIC_FOUND_N]
#define METRIC_DIM_PROXY        [METRIC_PROXY_N]

static inline void
metric_add(metric_cell *cell, uint64_t n)
{
	atomic_fetch_add_explicit(cell, n, memory_order_relaxed);
}

static inline void
metric_sub(metric_cell *cell, uint64_t n)
{
	atomic_fetch_sub_explicit(cell, n, memory_order_relaxed);
}

static inline void
metric_set(metric_cell *cell, uint64_t n)
{
	atomic_store_explicit(cell, n, memory_order_relaxed);
}

static inline uint64_t
metric_get(const metric_cell *cell)
{
	return atomic_load_explicit(cell, memory_order_relaxed);
}

/* Adds n observations of ns nanoseconds each. */
void metric_observe(struct metric_histogram *h, uint64_t ns, uint64_t n);

/* The index of an HTTP status. */
enum metric_status metric_status_of(int status);

#endif
