/*
 * Checks a store, or a backup with its checksum, for `banter verify` and `banter restore`, in a child process, because
 * reading a damaged one may crash.
 */
#ifndef STORAGED_CLI_STORE_STORE_CHECK_H
#define STORAGED_CLI_STORE_STORE_CHECK_H

#include <stdbool.h>

#define STORE_CHECK_BROKEN 1

struct store_check {
	const char *path;
	bool older_too; /* accept an older schema, whose records are only read */
	bool quiet;     /* print only problems */
	bool json;
	/* store_check.c's own: */
	bool sum_is_missing; /* the file has no checksum */
	bool sum_is_wrong;   /* ... but needs one, or does not match it */
};

/* Prints each problem and a summary to standard output. 0: no problems; STORE_CHECK_BROKEN; else an
 * exit status of sysexits(3), after an error message. */
int store_check_run(struct store_check *check);

#endif
