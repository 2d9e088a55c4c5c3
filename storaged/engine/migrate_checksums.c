/*
 * From schema 1 to 2: adds a checksum to each value. Each table is emptied and filled again in the order of
 * its keys: changing every entry in its place would leave half of each page empty.
 */
#include "storaged/engine/migrate.h"

#include "proto/base/basics.h"
#include "storaged/engine/checksum.h"
#include "storaged/engine/safe_read.h"

/* The last table of schema 1. */
#define LAST_TABLE TABLE_CAPS

static int
migrate_checksums_append(struct txn *t, enum table table, MDB_val k, MDB_val old)
{
	const struct slice key = {k.mv_data, k.mv_size}, value = {old.mv_data, old.mv_size};
	MDB_val v = {.mv_size = old.mv_size + CHECKSUM_LEN};
	int rc = mdb_put(t->mdb, t->env->dbi[table], &k, &v, MDB_APPEND | MDB_RESERVE);

	if (rc == 0)
		checksum_add(table, key, value, v.mv_data);
	return rc;
}

/* Copies a table from before this transaction into the empty table. */
static int
migrate_checksums_copy(struct txn *t, enum table table, MDB_txn *before)
{
	MDB_cursor *cursor;
	MDB_val k, v;
	int rc = mdb_cursor_open(before, t->env->dbi[table], &cursor);

	if (rc != 0)
		return rc;
	while ((rc = safe_read_move(cursor, &k, &v, MDB_NEXT)) == 0) {
		rc = migrate_checksums_append(t, table, k, v);
		if (rc != 0)
			break;
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
migrate_checksums(struct txn *t)
{
	MDB_txn *before;
	int rc = mdb_txn_begin(t->env->mdb, NULL, MDB_RDONLY, &before);

	if (rc != 0)
		return rc;
	for (enum table i = 0; i <= LAST_TABLE && rc == 0; i++) {
		rc = mdb_drop(t->mdb, t->env->dbi[i], 0);
		if (rc == 0)
			rc = migrate_checksums_copy(t, i, before);
	}
	mdb_txn_abort(before);
	return rc;
}
