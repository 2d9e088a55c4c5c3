/*
 * The callback for LMDB's assertions must not return: LMDB would end the process.
 */
#include "storaged/engine/safe_read.h"

#include <setjmp.h>
#include <stdbool.h>

#include "proto/base/log.h"

static jmp_buf way_out;
static bool looking;

static void
safe_read_on_assert(MDB_env *mdb, const char *what)
{
	(void)mdb;
	if (looking) {
		looking = false;
		longjmp(way_out, 1);
	}
	log_event(LOG_ERROR, "store_damaged", L_STR("error", what),
	    L_STR("help", "run banter verify, and restore a backup"));
}

int
safe_read_init(MDB_env *mdb)
{
	return mdb_env_set_assert(mdb, safe_read_on_assert);
}

int
safe_read_get(MDB_txn *txn, MDB_dbi dbi, MDB_val *k, MDB_val *v)
{
	int rc;

	if (setjmp(way_out) != 0)
		return MDB_CORRUPTED;
	looking = true;
	rc = mdb_get(txn, dbi, k, v);
	looking = false;
	return rc;
}

int
safe_read_move(MDB_cursor *cursor, MDB_val *k, MDB_val *v, MDB_cursor_op op)
{
	int rc;

	if (setjmp(way_out) != 0)
		return MDB_CORRUPTED;
	looking = true;
	rc = mdb_cursor_get(cursor, k, v, op);
	looking = false;
	return rc;
}
