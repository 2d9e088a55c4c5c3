/*
 * Brings a store that an older banter wrote to today's schema: at start, before anyone is served, after a
 * copy of the whole environment, in one transaction. If anything fails, the old store is unchanged and the
 * next start tries again.
 *
 * A released step never changes. It must not decode old bytes with today's record structs.
 * tests/unit/storaged/engine/test_migrate.c shows a step.
 */
#ifndef STORAGED_ENGINE_MIGRATE_H
#define STORAGED_ENGINE_MIGRATE_H

#include "storaged/engine/txn.h"

/* Changes the store from one version to the next. 0 or an error of txn.h. */
typedef int migrate_step_fn(struct txn *t);

struct migrations {
	unsigned version;              /* of the newest schema */
	migrate_step_fn *const *steps; /* by the version that they change; [0] is not used */
};

/* From schema 1 to 2 (migrate_checksums.c). */
migrate_step_fn migrate_checksums;

/* The migrations of this program, up to SCHEMA_VERSION. */
extern const struct migrations known_migrations;

/*
 * Runs all steps from version `from` (1 or more, and older than the newest) within the transaction, which
 * the caller commits together with the new version number. 0 or an error of txn.h.
 */
[[gnu::warn_unused_result]] int migrate(
    struct txn *t, const struct migrations *m, uint64_t from);

/*
 * Copies the environment to data-schema<from>.mdb in its directory, synced, before anything of it
 * changes. Replaces the copy of an earlier try; only a complete copy ever has that name. No transaction
 * may run. 0, an LMDB error or errno (ENOSPC: perhaps before anything was written); logs either way.
 */
[[gnu::warn_unused_result]] int migrate_copy(struct env *env, const char *dir, uint64_t from);

#endif
