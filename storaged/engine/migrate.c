/*
 * The steps from each schema to the next. migrate_copy.c makes the copy of the store before the first.
 */
#include "storaged/engine/migrate.h"

#include "proto/base/basics.h"

static migrate_step_fn *const steps[SCHEMA_VERSION] = {NULL, migrate_checksums};

const struct migrations known_migrations = {SCHEMA_VERSION, steps};

int
migrate(struct txn *t, const struct migrations *m, uint64_t from)
{
	int rc = 0;

	must(from >= 1 && from < m->version);
	for (uint64_t version = from; version < m->version && rc == 0; version++)
		rc = m->steps[version](t);
	return rc;
}
