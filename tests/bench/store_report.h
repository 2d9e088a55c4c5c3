/*
 * The figures for one number of requests in flight: a table for people and JSON for programs.
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
	double ratio
	    [ROUNDS_MAX]; /* of each pair: the store's appends/s divided by those of raw LMDB */
	double sync_ms[ROUNDS_MAX];
};

struct conditions {
	double seconds;
	size_t connections;
	uint32_t history;
	bool
	    in_memory; /* the directory is not on a disk: the figures say nothing about durable appends */
};

/* The lines before the first point, and those of one point. */
void report_head(const struct conditions *how);
void report_point(struct point *p);

/* Writes the same as JSON; false with errno if writing failed. */
[[gnu::warn_unused_result]] bool report_json(
    FILE *out, const struct conditions *how, struct point *points, size_t n);

#endif
