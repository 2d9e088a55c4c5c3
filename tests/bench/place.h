/*
 * The directory with the benchmark's files, and the storaged that runs in it. Both are removed when
 * the process exits in any way except SIGKILL (then storaged still gets a SIGTERM, and the
 * directory is left).
 */
#ifndef TESTS_BENCH_PLACE_H
#define TESTS_BENCH_PLACE_H

#include <stdbool.h>

#include "tests/bench/child.h"

struct place {
	char dir[64];
	char store[80], socket[96]; /* storaged's DATA_DIR and its socket */
	char raw[80];
	char probe[80];
	int probe_fd;
	struct group storaged;
};

/* Creates the directory in build/bench. The process ends after this many seconds: see
 * children_limit(). One place per process. */
void place_make(struct place *p, unsigned seconds);

/* Whether the directory is in memory, where a sync costs nothing. */
bool place_is_memory(const struct place *p);

/* Starts build/storaged, and returns when it accepts connections. */
void place_start_store(struct place *p);

/* Stops it and waits for its exit. */
void place_stop_store(struct place *p);

/* The current cost of a sync of 4 KiB in an existing file, in milliseconds: the mean of a few
 * fdatasync(2). */
double place_sync_ms(const struct place *p);

#endif
