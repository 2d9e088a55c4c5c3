/*
 * Writes a backup that LMDB copies into a pipe, and ends it with its checksum (backup_sum.h). A thread passes
 * the bytes on, because LMDB itself can only write to a file descriptor.
 */
#ifndef STORAGED_CLI_FILES_BACKUP_WRITER_H
#define STORAGED_CLI_FILES_BACKUP_WRITER_H

#include <pthread.h>
#include <stdbool.h>

#include "storaged/cli/files/backup_sum.h"

struct backup_writer {
	pthread_t thread;
	int from, to;
	int rc; /* an errno */
	struct file_sum sum;
};

/* Starts writing to the file or pipe `to`. *fd takes the bytes; the caller closes it. After a failed write,
 * writing to *fd fails too (EPIPE; SIGPIPE must be ignored). 0 or an errno. */
[[gnu::warn_unused_result]] int backup_writer_start(struct backup_writer *w, int to, int *fd);

/* Waits until all is written; the caller has closed *fd. complete: adds the checksum. 0 or an errno. */
[[gnu::warn_unused_result]] int backup_writer_end(struct backup_writer *w, bool complete);

#endif
