/*
 * Lookups that outlive a damaged page. Where a page is not what the one above it promises, LMDB either
 * says MDB_CORRUPTED or, most of all on the way from one page to the next, ends the process (mdb.c,
 * mdb_cassert()): then whoever asks for one damaged conversation would take the service from everyone.
 * A lookup changes nothing, so that it can be left in its middle; behind these functions both are
 * MDB_CORRUPTED. Changes and commits cannot be left: there the process ends, and the log says why.
 *
 * One thread only, as for all of the environment.
 */
#ifndef STORAGED_ENGINE_SAFE_READ_H
#define STORAGED_ENGINE_SAFE_READ_H

#include <lmdb.h>

/* Makes it so for a new environment. 0 or an LMDB error. */
[[gnu::warn_unused_result]] int safe_read_init(MDB_env *mdb);

/* As mdb_get() and mdb_cursor_get(). */
[[gnu::warn_unused_result]] int safe_read_get(
    MDB_txn *txn, MDB_dbi dbi, MDB_val *k, MDB_val *v);
[[gnu::warn_unused_result]] int safe_read_move(
    MDB_cursor *cursor, MDB_val *k, MDB_val *v, MDB_cursor_op op);

#endif
