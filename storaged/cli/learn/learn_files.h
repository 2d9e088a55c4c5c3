/*
 * The files that `banter learn` uploads: one, or all of a directory whose suffix says that crawld can read them.
 */
#ifndef STORAGED_CLI_LEARN_LEARN_FILES_H
#define STORAGED_CLI_LEARN_LEARN_FILES_H

#include "storaged/cli/learn/learn_source.h"

struct learn_file {
	char *path; /* of the file */
	char *name; /* in the source: below the directory */
	const char *type;
	struct id page;       /* after its upload */
	const char *left_out; /* why it was not uploaded; NULL: it was */
};

struct learn_files {
	struct learn_file *of;
	size_t n, capacity;
	size_t others; /* files with another suffix */
};

/* Collects the files, in the order of their paths. 0, or the exit status after an error message. */
[[gnu::warn_unused_result]] int learn_files_find(struct learn_files *files, const char *path);

/* Uploads them. 0, or the exit status after an error message, when storaged refuses or a file cannot be read. */
[[gnu::warn_unused_result]] int learn_files_upload(
    struct learn_files *files, struct store_conn *conn, const struct learn_source *source);

void learn_files_clear(struct learn_files *files);

#endif
