/*
 * Starts the measured programs and those that measure, each on one core, watches them, and stops
 * them at the latest when this process exits.
 */
#ifndef TESTS_BENCH_RELAY_CHILD_H
#define TESTS_BENCH_RELAY_CHILD_H

#include <sys/types.h>

/* Nothing else of the benchmark runs on the core of the measured servers. */
enum core { CORE_SERVERS, CORE_LOAD };

/* Chooses two cores of those available to this process and moves it to the one for the load. Exits
 * with EX_UNAVAILABLE if there is only one. Call once, before the first child. */
void cores_choose(void);

/* Starts a program, found by PATH unless it has a slash; argv and envp as for execve(2), envp NULL
 * for our environment. Its output goes to the file log. If it exits before child_stop(), the log is
 * printed and the benchmark exits with EX_UNAVAILABLE. */
pid_t child_start(enum core core, char *const argv[], char *const envp[], const char *log);

/* Sends SIGTERM and waits for the exit. */
void child_stop(pid_t pid);

/* Exits if a signal requests it or a child has exited. Call it in every wait loop. */
void children_check(void);

#endif
