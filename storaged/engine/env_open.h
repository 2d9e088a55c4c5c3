/*
 * Opens the store: the environment, its tables, and the schema, which it creates or migrates.
 */
#ifndef STORAGED_ENGINE_ENV_OPEN_H
#define STORAGED_ENGINE_ENV_OPEN_H

#include "storaged/engine/migrate.h"

/* Writes the records that every new store has. 0 or an error of txn.h. */
typedef int env_fill_fn(struct txn *t);

/*
 * Opens the store in an existing directory. An empty one gets its tables, the schema's version and what
 * fill writes, in one transaction; an older one is copied and migrated (migrate.h). 0, or the process's
 * exit status (sysexits(3)) with the reason logged: EX_CONFIG for a store that a newer version wrote,
 * EX_DATAERR for a file that is damaged or not a store of ours.
 */
[[gnu::warn_unused_result]] int env_open(
    struct env *env, const char *dir, uint64_t max_bytes, env_fill_fn *fill);

/* The same with other migrations than this program's: for tests. */
[[gnu::warn_unused_result]] int env_open_with(struct env *env, const char *dir,
    uint64_t max_bytes, env_fill_fn *fill, const struct migrations *migrations);

/*
 * For a program that only reads the store: opens all tables within a transaction, after whose commit
 * they can be used (make: creates the missing ones); and reads the schema's version from the table
 * meta, which must be open. 0 or an LMDB error: MDB_NOTFOUND for a table or a version that does not
 * exist, MDB_INCOMPATIBLE for a version that is not a number.
 */
[[gnu::warn_unused_result]] int env_open_tables(struct txn *t, bool make);
[[gnu::warn_unused_result]] int env_version(struct txn *t, uint64_t *version);

#endif
