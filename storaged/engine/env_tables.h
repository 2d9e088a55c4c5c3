/*
 * The tables of an environment, and the version of their schema.
 */
#ifndef STORAGED_ENGINE_ENV_TABLES_H
#define STORAGED_ENGINE_ENV_TABLES_H

#include "storaged/engine/txn.h"

/* Opens all tables within a transaction, after whose commit they can be used (make: creates the missing
 * ones). 0 or an LMDB error: MDB_NOTFOUND for a table that does not exist. */
[[gnu::warn_unused_result]] int env_tables_open(struct txn *t, bool make);

/* Reads the schema's version from the table meta, which must be open. 0 or an LMDB error: MDB_NOTFOUND for a
 * version that does not exist, MDB_INCOMPATIBLE for one that is not a number. */
[[gnu::warn_unused_result]] int env_tables_version(struct txn *t, uint64_t *version);

/* Writes it. 0 or an error of txn.h. */
[[gnu::warn_unused_result]] int env_tables_set_version(struct txn *t, unsigned version);

/* *had: whether the file of a store, which no process has open, has a place in the commit log of several machines. It is
 * removed, and the file synced, if remove is set. 0, an LMDB error or errno. */
[[gnu::warn_unused_result]] int env_tables_log_place(const char *path, bool remove, bool *had);

#endif
