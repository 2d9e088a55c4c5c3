/*
 * Creates a file atomically: it is complete and on disk, or does not exist. While it is written it
 * has no name (open(2), O_TMPFILE), so nothing is left of it however the process ends. Where the
 * file system does not support that, or a path is needed earlier, it has a name with a suffix
 * meanwhile: SIGINT, SIGTERM and SIGHUP remove it, and the next process reuses what a killed one
 * left. Its mode is 0600. One file at a time.
 */
#ifndef STORAGED_CLI_FILES_NEW_FILE_H
#define STORAGED_CLI_FILES_NEW_FILE_H

#include <stdbool.h>
#include <stdint.h>

enum new_file_how {
	NEW_FILE_REPLACE = 1, /* replace an existing regular file */
	NEW_FILE_NAMED = 2,   /* the path with the suffix is used before new_file_keep() */
	NEW_FILE_OF_STORE =
	    4, /* it may be a file of a store (store_files.h) that is not in use */
};

struct new_file {
	const char *path; /* as given; borrowed */
	unsigned how;     /* a set of enum new_file_how */
	int fd;           /* to write to; -1 when not open */
	int dir;
	char *name;    /* within dir */
	char *partial; /* its name until it is complete */
	bool named;    /* the file exists under the name partial */
};

/* Starts a file for path; an existing one stays unchanged until new_file_keep(). 0, or the exit
 * status after an error message: EX_CANTCREAT, also if there is a file that must not be replaced.
 * Close it in any case. */
[[gnu::warn_unused_result]] int new_file_open(
    struct new_file *f, const char *path, const char *suffix, unsigned how);

/* Syncs the file and gives it its final name. 0, or the exit status after an error message. */
[[gnu::warn_unused_result]] int new_file_keep(struct new_file *f);

/* Closes the file, and removes it unless it was kept. Harmless on a closed one. */
void new_file_close(struct new_file *f);

/* Reports a failed write by its errno. Returns the exit status. */
int new_file_failed(const struct new_file *f, int error);

#endif
