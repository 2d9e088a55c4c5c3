/*
 * Opens the store: the environment, its tables, and the schema, which it creates or migrates.
 */
#ifndef STORAGED_ENGINE_ENV_OPEN_H
#define STORAGED_ENGINE_ENV_OPEN_H

#include "storaged/open/migrate.h"

/* Writes the records that every new store has. 0 or an error of txn.h. */
typedef int env_fill_fn(struct txn *t);

/*
 * Opens the store in an existing directory. An empty one gets its tables, the schema's version and what
 * fill writes, in one transaction; an older one is migrated (migrate.h). 0, or the process's
 * exit status (sysexits(3)) with the reason logged: EX_CONFIG for a store that a newer version wrote,
 * EX_DATAERR for a file that is damaged or not a store of ours.
 */
[[gnu::warn_unused_result]] int env_open(
    struct env *env, const char *dir, uint64_t max_bytes, env_fill_fn *fill);

/* The same with other migrations than this program's: for tests. */
[[gnu::warn_unused_result]] int env_open_with(struct env *env, const char *dir,
    uint64_t max_bytes, env_fill_fn *fill, const struct migrations *migrations);

#endif
