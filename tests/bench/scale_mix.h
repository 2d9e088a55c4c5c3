/*
 * Reads and writes at the same time: what they take from each other.
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
	/* Appends alone, and beside MIX_READERS that read lists one after the other: of each round. */
	double rate_alone[MIX_ROUNDS], rate_beside[MIX_ROUNDS];
	double lists_per_second;
};

/* Measures for so many seconds in all. Leaves no turn open. */
void mix_measure(
    const char *socket, const struct id *long_one, double seconds, struct mix *mix);

void mix_clear(struct mix *mix);

#endif
