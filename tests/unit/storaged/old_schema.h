/*
 * A store of an earlier schema, which an older banter wrote.
 */
#ifndef TESTS_UNIT_STORAGED_OLD_SCHEMA_H
#define TESTS_UNIT_STORAGED_OLD_SCHEMA_H

#include "storaged/engine/checksum.h"
#include "tests/unit/storaged/store_fixture.h"

/* Bytes of the longest value. */
#define OLD_VALUE_MAX 10000

/* Bytes of the fields that each schema added to records; they must be empty. */
static const size_t old_schema_added[SCHEMA_VERSION + 1][TABLES] = {
    [3] = {[TABLE_CONVERSATIONS] = 49,
	[TABLE_MESSAGES] = 4,
	[TABLE_AGENTS] = 9,
	[TABLE_WIDGETS] = 4,
	[TABLE_OPEN_TURNS] = 24},
    [4] = {[TABLE_CONVERSATIONS] = 4,
	[TABLE_ORGS] = 12,
	[TABLE_USERS] = 8,
	[TABLE_WIDGETS] = 40,
	[TABLE_CONTACTS] = 24},
    [5] = {[TABLE_KEYS] = 8},
    [6] = {[TABLE_MESSAGES] = 4, [TABLE_AGENTS] = 10},
    [7] = {[TABLE_USERS] = 4},
    [8] = {[TABLE_AGENTS] = 13},
    [9] = {[TABLE_WEBHOOKS] = 12, [TABLE_ORGS] = 4},
    [10] = {[TABLE_OPEN_TURNS] = 32,
	[TABLE_SPENT] = 9,
	[TABLE_ORGS] = 4,
	[TABLE_CONVERSATIONS] = 8,
	[TABLE_USERS] = 17,
	[TABLE_AGENTS] = 4,
	[TABLE_WIDGETS] = 4},
    [11] = {[TABLE_CONVERSATIONS] = 8,
	[TABLE_TURNS] = 4,
	[TABLE_SPENT] = 1,
	[TABLE_SPENDERS] = 1,
	[TABLE_NOTES] = 4,
	[TABLE_MESSAGES] = 20,
	[TABLE_SNIPPETS] = 4,
	[TABLE_READS] = 1,
	[TABLE_AGENTS] = 4,
	[TABLE_VISITORS] = 16,
	[TABLE_WEBHOOKS] = 16,
	[TABLE_INVITATIONS] = 5},
    [13] = {[TABLE_TOOLS] = 50, [TABLE_FILES] = 53},
};

/* Bytes that the schemas after this one added to the records of a table. */
static inline size_t
old_schema_added_after(unsigned schema, enum table table)
{
	size_t n = 0;

	while (++schema <= SCHEMA_VERSION)
		n += old_schema_added[schema][table];
	return n;
}

/* Writes the value of an old store to out; returns its length. Schema 1 had no checksums. */
static inline size_t
old_schema_value(
    unsigned schema, enum table table, struct slice key, struct slice stored, uint8_t *out)
{
	struct slice value = {
	    stored.p, stored.len - CHECKSUM_LEN - old_schema_added_after(schema, table)};

	assert_true(value.len + CHECKSUM_LEN <= OLD_VALUE_MAX);
	if (schema == SCHEMA_UNCHECKED) {
		memcpy(out, value.p, value.len);
		return value.len;
	}
	checksum_add(table, key, value, out);
	return value.len + CHECKSUM_LEN;
}

/* An open store becomes one of an earlier schema. */
static inline void
make_old_schema(struct fixture *f, unsigned schema)
{
	struct key version_key = key_meta(META_VERSION);
	char digits[12];
	uint8_t value[OLD_VALUE_MAX];
	MDB_cursor *cursor;
	MDB_val k, v;
	MDB_txn *txn;

	assert_int_equal(mdb_txn_begin(f->env.mdb, NULL, 0, &txn), 0);
	for (enum table i = 0; i < TABLES; i++) {
		assert_int_equal(mdb_cursor_open(txn, f->env.dbi[i], &cursor), 0);
		while (mdb_cursor_get(cursor, &k, &v, MDB_NEXT) == 0) {
			struct key key = key_of((struct slice){k.mv_data, k.mv_size});
			const struct slice stored = {v.mv_data, v.mv_size};
			MDB_val same = {key.len, key.b};
			MDB_val old = {
			    old_schema_value(schema, i, key_slice(&key), stored, value), value};

			assert_int_equal(mdb_cursor_put(cursor, &same, &old, 0), 0);
		}
		mdb_cursor_close(cursor);
	}
	must(snprintf(digits, sizeof(digits), "%u", schema) > 0);
	v = (MDB_val){
	    old_schema_value(schema, TABLE_META, key_slice(&version_key),
		(struct slice){(const uint8_t *)digits, strlen(digits) + CHECKSUM_LEN}, value),
	    value};
	k = (MDB_val){version_key.len, version_key.b};
	assert_int_equal(mdb_put(txn, f->env.dbi[TABLE_META], &k, &v, 0), 0);
	assert_int_equal(mdb_txn_commit(txn), 0);
}

#endif
