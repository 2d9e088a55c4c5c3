/*
 * The contents of all tables, byte by byte, to compare a store with its earlier state. Without
 * meta, which describes the store itself; the change feed, which is its history, is not compared.
 */
#ifndef TESTS_UNIT_STORAGED_STORE_CONTENTS_H
#define TESTS_UNIT_STORAGED_STORE_CONTENTS_H

#include "tests/unit/storaged/store_fixture.h"

#define CONTENTS_MAX ((size_t)256 << 20)

struct contents {
	struct buf table[TABLES];
};

static inline void
contents_add(struct buf *out, struct slice bytes)
{
	uint32_t len = (uint32_t)bytes.len;

	assert_int_equal(buf_append(out, &len, sizeof(len)), 0);
	assert_int_equal(buf_append(out, bytes.p, bytes.len), 0);
}

/* Returns an error of txn.h, or 0. */
static inline int
contents_of_table(struct txn *t, enum table table, struct buf *out)
{
	const struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, t, table, &all);

	if (rc == 0)
		rc = walk_from(&w, &all);
	for (; rc == 0; rc = walk_next(&w)) {
		contents_add(out, w.key);
		contents_add(out, w.value);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Free with contents_clear(). */
static inline void
contents_take(struct fixture *f, struct contents *c)
{
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	for (enum table i = 0; i < TABLES; i++) {
		buf_init(&c->table[i], CONTENTS_MAX);
		if (i != TABLE_META)
			assert_int_equal(contents_of_table(&t, i, &c->table[i]), 0);
	}
	txn_abort(&t);
}

static inline void
contents_clear(struct contents *c)
{
	for (enum table i = 0; i < TABLES; i++)
		buf_clear(&c->table[i]);
}

/* Fails the test unless the store has exactly these contents, except for some tables (NULL: all). */
static inline void
contents_expect(struct fixture *f, const struct contents *expected, const bool *except)
{
	struct contents now;

	contents_take(f, &now);
	for (enum table i = 0; i < TABLES; i++)
		if (i != TABLE_CHANGES && (except == NULL || !except[i]) &&
		    !slice_eq(buf_slice(&now.table[i]), buf_slice(&expected->table[i])))
			fail_msg("the table %s is not what it was", table_name(i));
	contents_clear(&now);
}

#endif
