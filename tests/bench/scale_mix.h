/*
 * Reads and writes at the same time, and how they slow each other down.
 */
#ifndef TESTS_BENCH_SCALE_MIX_H
#define TESTS_BENCH_SCALE_MIX_H

#include "tests/bench/scale_reads.h"
#include "tests/bench/store_sender.h"

#define MIX_IN_FLIGHT 64u
#define MIX_READERS   4u
#define MIX_ROUNDS    5u

struct mix {
	/* One reader beside appends. */
	struct durations list, thread;
	double rate_beside_reader; /* appends per second */
	/* Appends alone, and beside MIX_READERS that read lists in a loop, per round. */
	double rate_alone[MIX_ROUNDS], rate_beside[MIX_ROUNDS];
	double lists_per_second;
};

/* Measures for this many seconds in total. Leaves no turn open. */
void mix_measure(
    const char *socket, const struct id *long_one, double seconds, struct mix *mix);

void mix_clear(struct mix *mix);

#endif
