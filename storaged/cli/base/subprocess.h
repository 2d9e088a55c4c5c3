/*
 * Runs work in a child process. LMDB trusts the bytes of a store; a wild offset or a missing page
 * in a damaged store crashes the reader. Then only the child crashes, and the parent reports it.
 */
#ifndef STORAGED_CLI_BASE_SUBPROCESS_H
#define STORAGED_CLI_BASE_SUBPROCESS_H

#include <stddef.h>

/*
 * Runs work(arg) in a child process, and tick(arg) (may be NULL) several times a second in this
 * process meanwhile. The child ends when this process ends. Returns the exit status of work;
 * EX_DATAERR with an error message if reading `what` (a path) crashed the child.
 */
int subprocess_run(
    const char *what, int (*work)(void *arg), void (*tick)(void *arg), void *arg);

/* Zeroed memory that is shared with children; aborts when out of memory. */
void *subprocess_memory_new(size_t size);
void subprocess_memory_free(void *p, size_t size);

#endif
