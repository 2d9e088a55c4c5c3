/*
 * Bringing a store that an older banter wrote to today's schema: at the start, before anyone is
 * served, in one transaction, after a copy of the whole environment was made beside it. Whatever
 * happens on the way, the next start finds the old store as it was and does it again.
 *
 * Each step is one line of a table in migrate.c: from which version, what it does. A step never
 * changes once it was released; it must not use today's record structs for yesterday's bytes.
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

/* Those of this program, up to SCHEMA_VERSION. */
extern const struct migrations known_migrations;

/*
 * Runs all steps from version `from` (1 or more, and older than the newest) within the transaction, which
 * the caller commits together with the new version number. 0 or an error of txn.h.
 */
[[gnu::warn_unused_result]] int migrate(
    struct txn *t, const struct migrations *m, uint64_t from);

/*
 * Copies the environment to data-schema<from>.mdb in its directory, synced, before anything of it
 * is changed; a copy that is there already from a try that did not come through is replaced. Only
 * a whole copy ever has that name. No transaction may run. 0, an LMDB error or errno (ENOSPC:
 * perhaps before anything was written); either way there is a line in the log.
 */
[[gnu::warn_unused_result]] int migrate_backup(struct env *env, const char *dir, uint64_t from);

#endif
