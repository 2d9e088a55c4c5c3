/*
 * Checking a whole store or backup, for `banter verify` and before `banter restore`: in a process
 * of its own, since there is no telling what reading a damaged one does.
 */
#ifndef STORAGED_CLI_STORE_STORE_CHECK_H
#define STORAGED_CLI_STORE_STORE_CHECK_H

#include <stdbool.h>

#define STORE_CHECK_BROKEN 1

struct store_check {
	const char *path;
	bool older_too; /* a store of an older schema is only read to its end */
	bool quiet;     /* say only what is broken */
	bool json;
};

/* Says what is broken on standard output, and how much. 0: the store is whole; STORE_CHECK_BROKEN; else
 * an exit status of sysexits(3), with the reason said. */
int store_check_run(struct store_check *check);

#endif
