/*
 * A store opened read-only, while storaged runs or not, or a single file (a backup). LMDB keeps the
 * pages of a snapshot as long as its transaction runs, while storaged goes on writing; the file may
 * grow meanwhile.
 *
 * This is the one exception to "only storaged opens the environment": a copy or a check of the
 * whole store must not block storaged's loop, and every user who may connect to storaged's socket
 * (its own uid, or root) may read its files too.
 *
 * A process of root becomes the user of the data directory, so that storaged can kill it: it must be a child
 * process (subprocess.h).
 *
 * LMDB trusts the bytes that it reads, so a damaged store may crash the process. Read more than a
 * few records in a child process only (subprocess.h).
 */
#ifndef STORAGED_CLI_STORE_SNAPSHOT_H
#define STORAGED_CLI_STORE_SNAPSHOT_H

#include "storaged/engine/txn.h"

struct snapshot {
	struct env env;
	int dir;        /* a data directory, locked against restore; -1 for a file */
	int lock;       /* on storaged's lock file if there is no LMDB lock file; else -1 */
	bool inside;    /* the data directory is the working directory */
	bool went_back; /* it is the state before the last commit */
	bool lost_meta; /* a meta page is damaged: it may be the same */
	bool open;
};

/*
 * Opens a data directory, or a file that `banter backup` wrote. 0, or an exit status of sysexits(3)
 * after an error message: EX_NOINPUT without a store, EX_USAGE for the file of a data directory,
 * EX_NOPERM, EX_DATAERR if it is not a store or damaged, EX_TEMPFAIL while a restore replaces it,
 * EX_CONFIG for another schema version (the next start of storaged migrates an older one). The version
 * without checksums is accepted, because storaged cannot migrate a store with damaged pages: its records
 * must be readable here. Close it in any case.
 */
[[gnu::warn_unused_result]] int snapshot_open(struct snapshot *s, const char *path);

/* Like snapshot_open(). If LMDB's main tree is damaged, without which nothing can be read, opens the state before
 * the last commit (went_back), if its main tree is intact. If a meta page is damaged, opens the state of the other
 * one (lost_meta). If the schema version is damaged, it is taken for the
 * present one, with a warning. */
[[gnu::warn_unused_result]] int snapshot_open_damaged(struct snapshot *s, const char *path);

/* Like snapshot_open(), also for older schema versions; *schema is the version. If snapshot_open()
 * does not accept it, no table can be used. */
[[gnu::warn_unused_result]] int snapshot_open_older(
    struct snapshot *s, const char *path, uint64_t *schema);

void snapshot_close(struct snapshot *s);

/* Reports a read error of txn.h. Returns the exit status. */
int snapshot_fail(const char *path, int rc);

#endif
