/*
 * The figures of a store at two sizes, as a table for people and JSON for programs.
 */
#ifndef TESTS_BENCH_SCALE_REPORT_H
#define TESTS_BENCH_SCALE_REPORT_H

#include <stdio.h>

#include "tests/bench/scale_mix.h"
#include "tests/bench/scale_reads.h"

/* A store of one size. */
struct stage {
	uint64_t messages, conversations; /* when it was measured */
	double fill_rate;                 /* messages per second, while it was filled */
	double sync_ms;                   /* of 4 KiB, when it was measured */
	struct reads reads;
	uint64_t anon, shmem, file; /* bytes of storaged's memory (proc(5), VmRSS) */
	uint64_t disk, text;        /* bytes of data.mdb on disk, and of all messages' texts */
};

enum { STAGE_SMALL, STAGE_LARGE, STAGES };

struct scale {
	struct stage stages[STAGES];
	struct mix mix; /* in the large one */
};

void report_scale(struct scale *scale);

/* The same as JSON; false, with errno, if it could not be written. */
[[gnu::warn_unused_result]] bool report_scale_json(FILE *out, struct scale *scale);

#endif
