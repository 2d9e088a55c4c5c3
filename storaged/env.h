/*
 * The LMDB environment: opened once at the start, by this process alone (main.c holds the lock),
 * closed at the end. Everything that reads or writes it goes through a transaction (txn.h).
 *
 * The map is reserved whole at the start (address space, not disk), so that it never has to grow
 * under load. Each commit is a full sync: no WRITEMAP, no NOSYNC. One thread only.
 */
#ifndef STORAGED_ENV_H
#define STORAGED_ENV_H

#include <lmdb.h>

#include "storaged/schema.h"

/* Pages that only deletions may take when the map is full: LMDB copies a page before it changes
 * it, so without a reserve a full store could not even be emptied. */
#define ENV_RESERVE_BYTES ((size_t)1 << 20)

/* The longest text of a message, and the room for any one record. */
#define TEXT_MAX   524288u
#define RECORD_MAX (TEXT_MAX + 4096u)

/* Bytes of a list in an answer that further items are added to no more, and what it may hold at
 * most: one greatest record always fits (messages.def). */
#define PAGE_BYTES ((size_t)700 << 10)
#define LIST_MAX   786432u

struct env {
	MDB_env *mdb;
	MDB_dbi dbi[TABLES];
	MDB_txn *reader;  /* renewed for each use; NULL before the first */
	size_t max_bytes; /* the map, without the reserve */
	bool writable;    /* false from a write that failed to a probe that did not */
	/* Scratch of whichever request runs; empty between two. */
	struct buf record; /* one record on its way into the store */
	struct buf list;   /* the items of an answer's list */
	struct buf text;   /* a reply being put together from its pieces */
};

/*
 * Opens the environment in an existing directory, makes it if there is none, and checks that this
 * program knows its schema. 0, or the process's exit status (sysexits(3)), with the reason logged:
 * EX_CONFIG for one that a newer version wrote, EX_DATAERR for one that is none of ours.
 */
[[gnu::warn_unused_result]] int env_open(struct env *env, const char *dir, uint64_t max_bytes);

/* Closes it; harmless on one that is not open. No transaction may run. */
void env_close(struct env *env);

/* Lets the map grow by the reserve for a transaction, or takes the reserve back. No transaction
 * may run. 0, or an LMDB error. */
[[gnu::warn_unused_result]] int env_use_reserve(struct env *env, bool use);

/* What a commit's error really is: ENOSPC for the EIO by which LMDB reports a full disk. Other
 * errors, and 0, are returned as they are. */
int env_write_error(const struct env *env, int rc);

/* Whether a failed write means that there is no room: in the map, on the disk or in a quota. */
bool env_is_full_error(int rc);

/* Whether a failure can only be cured by opening the environment anew: a new start. */
bool env_is_fatal_error(int rc);

/* Notes that a write failed, and why: writes on one line when that is news. */
void env_write_failed(struct env *env, int rc);

/* While not writable: writes something of some size and removes it; on success the environment is
 * writable again, which is logged. To be called now and then. */
void env_probe(struct env *env);

#endif
