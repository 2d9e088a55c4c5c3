/*
 * Starts the measured programs and those that measure, each on one core, watches them, measures
 * their processor time and memory, and stops them at the latest when this process exits.
 */
#ifndef TESTS_BENCH_CHILD_H
#define TESTS_BENCH_CHILD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Nothing else of the benchmark runs on the core of the measured servers. Without cores_choose(),
 * all may run on any core. */
enum core { CORE_SERVERS, CORE_LOAD };

/* Chooses two cores of those available to this process and moves it to the one for the load. Exits
 * with EX_UNAVAILABLE if there is only one. Call before the first child. */
void cores_choose(void);

/* From now on SIGINT, SIGTERM, and SIGALRM after this many seconds end the process at its next
 * children_check(). */
void children_limit(unsigned seconds);

/* Starts a program, found by PATH unless it has a slash; argv and envp as for execve(2), envp NULL
 * for our environment. Its output goes to the file log. If it exits before child_stop(), the log is
 * printed and the benchmark exits with EX_UNAVAILABLE. */
pid_t child_start(enum core core, char *const argv[], char *const envp[], const char *log);

/* Sends SIGTERM and waits for the exit. */
void child_stop(pid_t pid);

/* Exits if a signal requests it or a child has exited. Call it in every wait loop. */
void children_check(void);

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

/* Memory in bytes. */
struct memory {
	uint64_t pss, anon, file, shmem;
};

/* Their proportional set size (proc(5), smaps_rollup), and its parts. */
struct memory group_memory(const struct group *g);

/* A process's resident memory (proc(5), VmRSS), without pss. */
struct memory process_memory(pid_t pid);

#endif
