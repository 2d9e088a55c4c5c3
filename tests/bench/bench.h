/*
 * What the benchmarks' programs share. A benchmark is a script (*.mjs), which starts the servers and prints
 * the tables, and a program that produces the load and measures. The program gets a JSON object as its only
 * argument, and prints one for each measurement.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

/* Reads the argument as json_unpack(3) does. The texts stay valid. Exits if it does not fit the format. */
void bench_plan(int argc, char **argv, const char *format, ...);

/* Prints the figures on one line, and frees them. */
void bench_print(json_t *figures);

/* Durations of requests in nanoseconds (at most 4 s each). Bounded; further durations are
 * dropped. */
struct durations {
	uint32_t *ns;
	size_t n, cap;
};

void durations_add(struct durations *d, uint64_t ns);

/* {"p50", "p99", "p999"} in milliseconds, 0 if there are none; d is empty then. */
json_t *durations_json(struct durations *d);

/* The cost of a sync of 4 KiB in this file now, in milliseconds: the mean of a few fdatasync(2). Creates the
 * file. */
double sync_ms(const char *path);

#define GROUP_MAX 16u

/* The processes of one server. */
struct group {
	pid_t pids[GROUP_MAX];
	size_t n;
};

/* From a list of numbers. */
struct group group_of(const json_t *pids);

/* User and system time of all of them since their start, in nanoseconds. If one has exited, the
 * benchmark ends. */
uint64_t group_cpu_ns(const struct group *g);

/* {"pss", "anon", "file", "shmem"}: their proportional set size in bytes, and its parts (proc(5),
 * smaps_rollup). */
json_t *group_memory(const struct group *g);

#endif
