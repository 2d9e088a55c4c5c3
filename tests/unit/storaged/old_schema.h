/*
 * A store of schema 1, which an older banter wrote.
 */
#ifndef TESTS_UNIT_STORAGED_OLD_SCHEMA_H
#define TESTS_UNIT_STORAGED_OLD_SCHEMA_H

#include "storaged/engine/checksum.h"
#include "tests/unit/storaged/store_fixture.h"

/* Bytes of the longest value. */
#define OLD_VALUE_MAX 10000

/* Bytes of the fields that schema 3 added to records; they must be empty. */
static const size_t old_schema_added[TABLES] = {[TABLE_CONVERSATIONS] = 49,
    [TABLE_MESSAGES] = 4,
    [TABLE_AGENTS] = 9,
    [TABLE_WIDGETS] = 4,
    [TABLE_OPEN_TURNS] = 24};

/* Removes the added fields and the checksums again: an open store becomes one of schema 1. */
static inline void
make_schema_1(struct fixture *f)
{
	MDB_val version_key = {strlen(META_VERSION), (char[]){META_VERSION}}, k, v;
	MDB_val version = {1, (char[]){'1'}};
	MDB_cursor *cursor;
	MDB_txn *txn;

	assert_int_equal(mdb_txn_begin(f->env.mdb, NULL, 0, &txn), 0);
	for (enum table i = 0; i < TABLES; i++) {
		assert_int_equal(mdb_cursor_open(txn, f->env.dbi[i], &cursor), 0);
		while (mdb_cursor_get(cursor, &k, &v, MDB_NEXT) == 0) {
			uint8_t key[KEY_MAX], value[OLD_VALUE_MAX];
			MDB_val same = {k.mv_size, key},
				shorter = {
				    v.mv_size - CHECKSUM_LEN - old_schema_added[i], value};

			assert_true(shorter.mv_size <= sizeof(value));
			memcpy(key, k.mv_data, k.mv_size);
			memcpy(value, v.mv_data, shorter.mv_size);
			assert_int_equal(mdb_cursor_put(cursor, &same, &shorter, 0), 0);
		}
		mdb_cursor_close(cursor);
	}
	assert_int_equal(mdb_put(txn, f->env.dbi[TABLE_META], &version_key, &version, 0), 0);
	assert_int_equal(mdb_txn_commit(txn), 0);
}

#endif
