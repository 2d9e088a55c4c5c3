/*
 * The figures of a store at two sizes: a table for people and JSON for programs.
 */
#ifndef TESTS_BENCH_SCALE_REPORT_H
#define TESTS_BENCH_SCALE_REPORT_H

#include <stdio.h>

#include "tests/bench/scale_mix.h"
#include "tests/bench/scale_reads.h"

/* The store at one size. */
struct stage {
	uint64_t messages, conversations; /* when it was measured */
	double fill_rate;                 /* messages per second while it was filled */
	double sync_ms;                   /* of 4 KiB, when it was measured */
	struct reads reads;
	uint64_t anon, shmem, file; /* storaged's memory in bytes (proc(5), VmRSS) */
	uint64_t disk, text;        /* bytes of data.mdb on disk, and of all messages' texts */
};

enum { STAGE_SMALL, STAGE_LARGE, STAGES };

struct scale {
	struct stage stages[STAGES];
	struct mix mix; /* in the large store */
};

void report_scale(struct scale *scale);

/* Writes the same as JSON; false with errno if writing failed. */
[[gnu::warn_unused_result]] bool report_scale_json(FILE *out, struct scale *scale);

#endif
