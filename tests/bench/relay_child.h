/*
 * The programs that the benchmark measures, and those that it measures with: started on one core
 * each, watched, and stopped at the latest when this process exits.
 */
#ifndef TESTS_BENCH_RELAY_CHILD_H
#define TESTS_BENCH_RELAY_CHILD_H

#include <sys/types.h>

/* Where they run: what is measured has a core that nothing else of ours is on. */
enum core { CORE_SERVERS, CORE_LOAD };

/* Chooses two cores of those that this process may use, and moves it to the one for the load. With
 * one core alone there is nothing to measure: EX_UNAVAILABLE. Once, before the first child. */
void cores_choose(void);

/*
 * Starts a program, found by PATH unless it has a slash; argv and envp as for execve(2), envp NULL
 * for our own environment. What it writes goes to the file log. It is an error (EX_UNAVAILABLE),
 * and the log is shown, if it ends before child_stop().
 */
pid_t child_start(enum core core, char *const argv[], char *const envp[], const char *log);

/* Asks it to end, and waits until it has. */
void child_stop(pid_t pid);

/* Exits if a signal asks for it or a child has ended by itself. To be called within all waiting. */
void children_check(void);

#endif
