/*
 * The figures: what was measured with one number of requests in flight, and its two forms, a table
 * for people and JSON for programs.
 */
#ifndef TESTS_BENCH_STORE_REPORT_H
#define TESTS_BENCH_STORE_REPORT_H

#include <stdio.h>

#include "tests/bench/store_load.h"

#define ROUNDS_MAX 100u

/* One side, over all rounds. */
struct side {
	uint64_t appends, commits, ns, cpu_ns;
	struct durations durations;
};

struct point {
	size_t in_flight;
	struct side store, raw;
	size_t rounds;
	double
	    ratio[ROUNDS_MAX]; /* of each pair: appends/s of the store by those of raw LMDB */
	double sync_ms[ROUNDS_MAX];
};

struct conditions {
	double seconds;
	size_t connections;
	uint32_t history;
	bool in_memory; /* no disk below: the figures say nothing about durable appends */
};

/* The lines before the first point, and those of one point. */
void report_head(const struct conditions *how);
void report_point(struct point *p);

/* The same as JSON; false, with errno, if it could not be written. */
[[gnu::warn_unused_result]] bool report_json(
    FILE *out, const struct conditions *how, struct point *points, size_t n);

#endif
