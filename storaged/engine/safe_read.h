/*
 * Lookups that survive a damaged page. Where a page is not what its parent promises, LMDB either
 * returns MDB_CORRUPTED or, mostly on the way to the next page, ends the process (mdb.c,
 * mdb_cassert()), or follows a wrong pointer into its map (SIGSEGV, SIGBUS), or returns bytes that cannot be read:
 * then a request for one damaged conversation would stop the service for everyone. Lookups have no
 * side effects, so we can longjmp out of LMDB; these functions return MDB_CORRUPTED in all these cases.
 * Changes and commits cannot be left like this: the process logs the reason and ends.
 *
 * One thread only, like the whole environment.
 */
#ifndef STORAGED_ENGINE_SAFE_READ_H
#define STORAGED_ENGINE_SAFE_READ_H

#include <lmdb.h>

#include "proto/base/buf.h"

/* Prepares a new environment, and handles SIGSEGV and SIGBUS. 0 or an LMDB error. */
[[gnu::warn_unused_result]] int safe_read_init(MDB_env *mdb);

/* The environment is open, or its map has moved: only faults at an address in a map are damage, all others end the process.
 * Where /proc cannot be read, all count as damage. At most SAFE_READ_MAPS environments are open at a time. */
void safe_read_mapped(MDB_env *mdb);

/* The environment is about to be closed. NULL is legal. */
void safe_read_unmapped(MDB_env *mdb);

#define SAFE_READ_MAPS 4

/* Like mdb_get() and mdb_cursor_get(). */
[[gnu::warn_unused_result]] int safe_read_get(
    MDB_txn *txn, MDB_dbi dbi, MDB_val *k, MDB_val *v);
[[gnu::warn_unused_result]] int safe_read_move(
    MDB_cursor *cursor, MDB_val *k, MDB_val *v, MDB_cursor_op op);

/*
 * What was found may move or go with the next change of the transaction, but mostly stays, so that a use of old bytes would
 * be noticed only by chance. A sanitized build therefore hands out copies, each a block of its own, and frees them at the
 * next change and at the end of the transaction: AddressSanitizer reports each later use, with where the bytes were looked
 * up and what has changed since. Other builds hand out the bytes themselves.
 */
struct safe_read_copies {
	struct safe_read_copy *first;
};
struct slice safe_read_lend(struct safe_read_copies *copies, struct slice found);
void safe_read_take_back(struct safe_read_copies *copies);

#endif
