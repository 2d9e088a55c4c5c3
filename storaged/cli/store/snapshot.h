/*
 * A store opened to be looked at: beside a running storaged or without one, or a single file (a
 * backup). Nothing there is changed. LMDB keeps the pages of a snapshot as long as its transaction
 * runs, so that storaged writes on; in the meantime the file may grow.
 *
 * The one exception to "only storaged opens the environment": a copy or a check of the whole must
 * not stand in storaged's loop, and whoever may connect to storaged's socket (its own uid, or root)
 * may read its files as well.
 *
 * LMDB trusts the bytes that it reads: a store may be so damaged that reading it ends the process.
 * Whoever reads more than a few records does it in a process of its own (subprocess.h).
 */
#ifndef STORAGED_CLI_STORE_SNAPSHOT_H
#define STORAGED_CLI_STORE_SNAPSHOT_H

#include "storaged/engine/txn.h"

struct snapshot {
	struct env env;
	int dir;  /* a data directory, locked against `banter restore`; -1 for a file */
	int lock; /* storaged's, where LMDB has no lock file; else -1 */
	bool open;
};

/*
 * Opens a data directory, or a file that `banter backup` made. 0, or an exit status of sysexits(3)
 * with the reason said: EX_NOINPUT where there is no store, EX_USAGE for the file of a data
 * directory, EX_NOPERM, EX_DATAERR for what is none of ours or damaged, EX_TEMPFAIL while it is
 * being replaced, EX_CONFIG for another schema than ours (an older one is migrated by the next
 * start of storaged). To be closed in any case.
 */
[[gnu::warn_unused_result]] int snapshot_open(struct snapshot *s, const char *path);

/* The same for a store of any schema up to ours, whose version goes to *schema. Unless it is ours,
 * no table can be used. */
[[gnu::warn_unused_result]] int snapshot_open_older(
    struct snapshot *s, const char *path, uint64_t *schema);

void snapshot_close(struct snapshot *s);

/* Says why the store could not be read on, for an error of txn.h. Returns the exit status. */
int snapshot_fail(const char *path, int rc);

#endif
