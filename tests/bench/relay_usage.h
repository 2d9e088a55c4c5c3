/*
 * A server's processor time and memory, summed over its processes.
 */
#ifndef TESTS_BENCH_RELAY_USAGE_H
#define TESTS_BENCH_RELAY_USAGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define GROUP_MAX 16u

/* The processes of one server. */
struct group {
	pid_t pids[GROUP_MAX];
	size_t n;
};

/* Adds a process and all processes it has started so far. */
void group_add(struct group *g, pid_t root);

/* User and system time of all of them since their start, in nanoseconds. If one has exited, the
 * benchmark ends. */
uint64_t group_cpu_ns(const struct group *g);

/* Proportional set size (proc(5), smaps_rollup) in bytes, and its parts. */
struct memory {
	uint64_t pss, anon, file, shmem;
};

struct memory group_memory(const struct group *g);

#endif
