/*
 * What a server costs: processor time and memory of all its processes together.
 */
#ifndef TESTS_BENCH_RELAY_USAGE_H
#define TESTS_BENCH_RELAY_USAGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define GROUP_MAX 16u

/* Processes that belong together. */
struct group {
	pid_t pids[GROUP_MAX];
	size_t n;
};

/* Adds a process and all that it has started so far. */
void group_add(struct group *g, pid_t root);

/* User and system time of all of them since they started, in nanoseconds. One that has ended
 * meanwhile ends the benchmark. */
uint64_t group_cpu_ns(const struct group *g);

/* Proportional set size (proc(5), smaps_rollup), in bytes, and what it consists of. */
struct memory {
	uint64_t pss, anon, file, shmem;
};

struct memory group_memory(const struct group *g);

#endif
