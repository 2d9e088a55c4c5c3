/*
 * A second store that gets every transaction of a fixture's store from its write set alone, as a standby
 * does from the commit log. It must always have the same entries.
 */
#ifndef TESTS_UNIT_STORAGED_STORE_MIRROR_H
#define TESTS_UNIT_STORAGED_STORE_MIRROR_H

#include "storaged/engine/write_set.h"
#include "tests/unit/storaged/store_contents.h"

struct mirror {
	struct env_log log; /* first: append() gets it */
	char dir[64];
	struct env env;
	size_t appends;
	size_t largest;     /* bytes of a write set */
	bool fails;         /* append() fails */
	size_t fails_after; /* so many appends; 0: never */
};

/* 0, or an error of txn.h. */
static inline int
mirror_apply(struct txn *t, struct slice set)
{
	struct write w;
	int rc = 0;

	while (rc == 0 && set.len > 0) {
		struct key key;

		assert_int_equal(write_set_next(&set, &w), 1);
		key = key_of(w.key);
		rc = w.deletes ? txn_del(t, w.table, &key) : txn_put(t, w.table, &key, w.value);
	}
	return rc;
}

static inline int
mirror_append(struct env_log *log, struct txn *t, struct slice set)
{
	struct mirror *m = (struct mirror *)log;
	struct txn copy;

	(void)t;
	m->appends++;
	m->largest = set.len > m->largest ? set.len : m->largest;
	if (m->fails || m->appends == m->fails_after)
		return COMMIT_LOG_LOST;
	assert_true(set.len > 0);
	assert_int_equal(txn_begin(&copy, &m->env, TXN_WRITE), 0);
	assert_int_equal(mirror_apply(&copy, set), 0);
	assert_int_equal(txn_commit(&copy), 0);
	return 0;
}

static inline bool
mirror_hold(struct env_log *log)
{
	return !((struct mirror *)log)->fails;
}

/* Begins with a copy of the store. Free with mirror_stop(). */
static inline struct mirror *
mirror_start(struct fixture *f)
{
	struct mirror *m = xcalloc(1, sizeof(*m));

	m->log.append = mirror_append;
	m->log.hold = mirror_hold;
	buf_init(&m->log.write_set, WRITE_SET_MAX);
	make_dir(m->dir, sizeof(m->dir));
	assert_int_equal(mdb_env_copy(f->env.mdb, m->dir), 0);
	assert_int_equal(
	    env_open(&m->env, m->dir, 4 * (uint64_t)STORE_BYTES, organization_make_default), 0);
	assert_int_equal(mdb_env_set_flags(m->env.mdb, MDB_NOSYNC, 1), 0);
	f->log = f->env.log = &m->log;
	assert_int_equal(env_keep_reserve(&f->env), 0);
	return m;
}

static inline void
mirror_stop(struct fixture *f, struct mirror *m)
{
	f->log = f->env.log = NULL;
	f->env.keeps_reserve = false;
	if (f->env.mdb != NULL && f->env.damage == NULL)
		assert_int_equal(env_use_reserve(&f->env, false), 0);
	env_close(&m->env);
	remove_store(m->dir);
	buf_clear(&m->log.write_set);
	free(m);
}

/* Both stores have the same entries in every table. */
static inline void
mirror_expect_equal(struct fixture *f, struct mirror *m)
{
	struct txn one, other;

	assert_int_equal(txn_begin(&one, &f->env, TXN_READ), 0);
	assert_int_equal(txn_begin(&other, &m->env, TXN_READ), 0);
	for (enum table i = 0; i < TABLES; i++) {
		struct buf a, b;

		buf_init(&a, CONTENTS_MAX);
		buf_init(&b, CONTENTS_MAX);
		assert_int_equal(contents_of_table(&one, i, &a), 0);
		assert_int_equal(contents_of_table(&other, i, &b), 0);
		if (!slice_eq(buf_slice(&a), buf_slice(&b)))
			fail_msg("the table %s is not what its write sets make", table_name(i));
		buf_clear(&a);
		buf_clear(&b);
	}
	txn_abort(&one);
	txn_abort(&other);
}

#endif
