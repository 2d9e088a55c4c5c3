/*
 * A file that comes into being whole and on disk, or not at all. While it is written it has no name
 * (open(2), O_TMPFILE), so that nothing is left of it however the process ends. Where the file
 * system cannot do that, or a path is needed before the end, its name ends in a suffix meanwhile:
 * SIGINT, SIGTERM and SIGHUP remove it, and what a killed process leaves behind is used again by
 * the next one. Its mode is 0600. One at a time.
 */
#ifndef STORAGED_CLI_FILES_NEW_FILE_H
#define STORAGED_CLI_FILES_NEW_FILE_H

#include <stdbool.h>
#include <stdint.h>

enum new_file_how {
	NEW_FILE_REPLACE = 1,  /* what is at its path, if that is a plain file */
	NEW_FILE_NAMED = 2,    /* a path is needed before the end */
	NEW_FILE_OF_STORE = 4, /* it may be one of a store's own (store_files.h), not in use */
};

struct new_file {
	const char *path; /* as it was given; borrowed */
	unsigned how;     /* a set of enum new_file_how */
	int fd;           /* to be written to; -1 when none is open */
	int dir;
	char *name;    /* within dir */
	char *partial; /* its name until it is whole */
	bool named;    /* partial is there */
};

/* Begins a file at path; what is there stays as it is until new_file_keep(). 0, or the exit status
 * with the reason said: EX_CANTCREAT, also where there is one that is not to be replaced. To be
 * closed in any case. */
[[gnu::warn_unused_result]] int new_file_open(
    struct new_file *f, const char *path, const char *suffix, unsigned how);

/* Syncs it and gives it its own name. 0, or the exit status with the reason said. */
[[gnu::warn_unused_result]] int new_file_keep(struct new_file *f);

/* Closes it; one that was not kept is gone. Harmless on a closed one. */
void new_file_close(struct new_file *f);

/* Says that writing failed, by an errno. Returns the exit status. */
int new_file_failed(const struct new_file *f, int error);

#endif
