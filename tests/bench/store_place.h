/*
 * Where the benchmark happens: a fresh directory with both stores in it, and the storaged that it
 * starts on one of them. Both are gone when the process exits, however it exits, unless it is
 * killed by SIGKILL (then storaged still gets a SIGTERM, and the directory is left).
 */
#ifndef TESTS_BENCH_STORE_PLACE_H
#define TESTS_BENCH_STORE_PLACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct place {
	char dir[64];
	char store[80], socket[96]; /* storaged's DATA_DIR, and its socket */
	char raw[80];
	char probe[80];
	int probe_fd;
};

/* Makes the directory under parent, a path of at most 40 bytes that exists. From now on SIGINT,
 * SIGTERM, and SIGALRM after so many seconds, end the process at its next place_check(). One place
 * a process. */
void place_make(struct place *p, const char *parent, unsigned seconds);

/* Exits, through exit(3), if a signal has asked for it. */
void place_check(void);

/* Whether the directory lies in memory, where a sync costs nothing. */
bool place_is_memory(const struct place *p);

/* Starts the program as storaged, and returns when it takes connections. */
void place_start_store(struct place *p, const char *program);

/* Stops it and waits for its end. */
void place_stop_store(void);

/* Its process; /proc has more about it. */
pid_t place_store_pid(void);

/* Processor time that it has used, in nanoseconds. */
uint64_t place_store_cpu(void);

/* What it costs to make 4 KiB durable that lie in a file already, in nanoseconds: the mean of a few
 * fdatasync(2), here and now. */
uint64_t place_sync_cost(const struct place *p);

#endif
