/*
 * Reads the files of an export into a spool: JSON of any shape, JSON Lines and CSV, by what they contain.
 */
#ifndef STORAGED_CLI_FOREIGN_FOREIGN_READ_H
#define STORAGED_CLI_FOREIGN_FOREIGN_READ_H

#include "storaged/cli/foreign/mapping.h"

struct foreign_read {
	struct mapping mapping;
	uint64_t files, bytes;
	bool failed; /* a file or an object could not be read: a misfit says which */
};

/* Reads from fd to its end. name: for people. 0, or the exit status after an error message. */
[[gnu::warn_unused_result]] int foreign_read_fd(
    struct foreign_read *r, int fd, const char *name);

/* Reads a file, all files of a directory, or standard input ("-"). */
[[gnu::warn_unused_result]] int foreign_read_path(struct foreign_read *r, const char *path);

/* Takes one object as JSON text; hint as of json_object_fn. */
void foreign_read_object(struct foreign_read *r, struct slice text, const char *hint);

#endif
