/*
 * The checksum of a backup: a last line behind LMDB's pages, which LMDB ignores. It covers all bytes before
 * it. A backup without it, which an older banter made, consists of whole pages.
 */
#ifndef STORAGED_CLI_FILES_BACKUP_SUM_H
#define STORAGED_CLI_FILES_BACKUP_SUM_H

#include "storaged/cli/files/file_sum.h"

/* Bytes of the last line. */
#define BACKUP_SUM_LEN 64

/* The last line of a backup with these bytes. */
void backup_sum_line(const struct file_sum *sum, char line[BACKUP_SUM_LEN]);

enum backup_sum_result {
	BACKUP_SUM_RIGHT,
	BACKUP_SUM_WRONG,  /* or the file is truncated */
	BACKUP_SUM_NONE,   /* it may be a backup of an older banter, or a store's file */
	BACKUP_SUM_FAILED, /* the file cannot be read; errno has the error */
};

/* Checks a whole file; the file's position does not change. */
[[gnu::warn_unused_result]] enum backup_sum_result backup_sum_check(int fd);

/* Removes the last line from a file with a right one, or does nothing to a file without one. 0 or an errno. */
[[gnu::warn_unused_result]] int backup_sum_cut(int fd);

#endif
