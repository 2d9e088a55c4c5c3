/*
 * Brings a store that an older banter wrote to today's schema: at start, before anyone is served. The whole
 * contents are written to a new file (migrate_file.h), which then takes the place of data.mdb; the old file
 * stays, as data-schemaN.mdb. So a kill at any time leaves the old store or the complete new one, and if
 * anything fails, the old store is unchanged and the next start tries again. The new file is committed in
 * pieces: the memory that this needs does not depend on the size of the store.
 *
 * A released step never changes. It must not decode old bytes with today's record structs.
 * tests/unit/storaged/open/test_migrate.c shows a step.
 */
#ifndef STORAGED_ENGINE_MIGRATE_H
#define STORAGED_ENGINE_MIGRATE_H

#include "storaged/engine/txn.h"

/* migrate.c's own: a running migration. */
struct migration;

/*
 * Brings one entry of a schema to the next: calls migrate_put() for each entry that takes its place, in any
 * table. key and value are valid during the call; value is without its checksum. Runs for all entries,
 * table by table, in the order of their keys, but for the version in meta. 0 or an error of txn.h.
 */
typedef int migrate_step_fn(
    struct migration *m, enum table table, struct slice key, struct slice value);

struct migrations {
	unsigned version;              /* of the newest schema */
	migrate_step_fn *const *steps; /* by the version that they change; [0] is not used */
};

/* The migrations of this program, up to SCHEMA_VERSION. */
extern const struct migrations known_migrations;

/* Hands an entry to the next step, or to the new store. Also a step by itself, which changes nothing.
 * 0 or an error of txn.h. */
migrate_step_fn migrate_put;

/*
 * Runs all steps from version `from` (1 or more, and older than the newest). env is open, and is closed and
 * opened with the new store. No transaction may run. 0 or an error of txn.h, with the reason logged
 * (store_not_migrated): then the old store is unchanged. ENOSPC: perhaps before anything was written.
 */
[[gnu::warn_unused_result]] int migrate(
    struct env *env, const char *dir, const struct migrations *all, uint64_t from);

#endif
