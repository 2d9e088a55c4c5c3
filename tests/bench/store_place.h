/*
 * The directory with both stores, and the storaged that runs on one of them. Both are removed when
 * the process exits in any way except SIGKILL (then storaged still gets a SIGTERM, and the
 * directory is left).
 */
#ifndef TESTS_BENCH_STORE_PLACE_H
#define TESTS_BENCH_STORE_PLACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct place {
	char dir[64];
	char store[80], socket[96]; /* storaged's DATA_DIR and its socket */
	char raw[80];
	char probe[80];
	int probe_fd;
};

/* Creates the directory under parent, an existing path of at most 40 bytes. From now on SIGINT,
 * SIGTERM, and SIGALRM after this many seconds end the process at its next place_check(). One place
 * per process. */
void place_make(struct place *p, const char *parent, unsigned seconds);

/* Exits, through exit(3), if a signal has requested it. */
void place_check(void);

/* Whether the directory is in memory, where a sync costs nothing. */
bool place_is_memory(const struct place *p);

/* Starts the program as storaged, and returns when it accepts connections. */
void place_start_store(struct place *p, const char *program);

/* Stops it and waits for its exit. */
void place_stop_store(void);

/* Its process id, for /proc. */
pid_t place_store_pid(void);

/* Its processor time in nanoseconds. */
uint64_t place_store_cpu(void);

/* The current cost of a sync of 4 KiB in an existing file, in nanoseconds: the mean of a few
 * fdatasync(2). */
uint64_t place_sync_cost(const struct place *p);

#endif
