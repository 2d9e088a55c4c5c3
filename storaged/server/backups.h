/*
 * What storaged knows about backups that were made on this machine: the newest good one, and the newest that failed.
 *
 * Both are in the store, of which every backup is a copy; so they name the machine. A store that came from another
 * machine has none until one is made here.
 */
#ifndef STORAGED_SERVER_BACKUPS_H
#define STORAGED_SERVER_BACKUPS_H

#include "storaged/request/call.h"

struct backups {
	uint64_t at, bytes; /* ms since 1970; 0: none */
	struct slice file;  /* its path, "": unknown. Of the transaction, as the next slice */
	uint64_t failed_at; /* 0: none has failed since the newest good one */
	struct slice error; /* why */
};

/* Reads this machine's id, before the system calls are restricted. */
void backups_find_machine(struct env *env);

/* Reads both; what is invalid or another machine's is left out. 0 or an LMDB error. */
[[gnu::warn_unused_result]] int backups_read(struct txn *t, struct backups *b);

/* The last row of the commit log that the store contains; 0: it is in none. 0 or an error of txn.h. */
[[gnu::warn_unused_result]] int backups_log_row(struct txn *t, uint64_t *row);

/* Tells the commit log with the next report which rows the newest backup lacks: they are kept (log_statements.c). */
void backups_note_row(struct env *env, const struct msg_backup_done *m);

/* MSG_BACKUP_DONE, answered by MSG_OK. Ignores a backup that is older than the last known one. */
[[gnu::warn_unused_result]] int handle_backup_done(struct txn *t, struct call *c);

#endif
