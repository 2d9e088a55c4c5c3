/*
 * Work in a process of its own. LMDB trusts the bytes of a store; where they are damaged, a page
 * that is not there or a wild offset ends whoever reads it. That is then the child, and we can say
 * what happened.
 */
#ifndef STORAGED_CLI_BASE_SUBPROCESS_H
#define STORAGED_CLI_BASE_SUBPROCESS_H

#include <stddef.h>

/*
 * Runs work(arg) in a child, whose exit status it returns, and tick(arg) (NULL: nothing) in this
 * process several times a second meanwhile. The child ends when we do. Returns work's exit status;
 * EX_DATAERR, after saying so, when reading `what` (a path) ended it.
 */
int subprocess_run(
    const char *what, int (*work)(void *arg), void (*tick)(void *arg), void *arg);

/* Zeroed memory that the child shares with us; abort if there is none. */
void *subprocess_memory_new(size_t size);
void subprocess_memory_free(void *p, size_t size);

#endif
