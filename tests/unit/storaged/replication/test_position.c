/*
 * A store's position in the commit log.
 */
#include "storaged/replication/position.h"
#include "tests/unit/storaged/store_fixture.h"

static struct position
some_position(void)
{
	struct position at = {.seq = UINT64_C(0x0102030405060708)};

	memset(at.digest.b, 0xcd, sizeof(at.digest.b));
	return at;
}

static void
store_position(struct fixture *f, const struct position *at)
{
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(position_write(&t, at), 0);
	assert_int_equal(txn_commit(&t), 0);
}

static void
expect_position(struct fixture *f, const struct position *expected)
{
	struct position at;

	assert_int_equal(position_load(&f->env, &at), 0);
	assert_int_equal(at.seq, expected->seq);
	assert_true(hash_equal(&at.digest, &expected->digest));
}

STORE_TEST(a_new_store_is_in_no_log)
{
	const struct position none = {0};

	expect_position(f, &none);
	assert_true(position_is_none(&none));
}

STORE_TEST(a_position_is_kept_in_the_store)
{
	const struct position at = some_position();

	store_position(f, &at);
	expect_position(f, &at);
	store_restart(f, STORE_BYTES);
	expect_position(f, &at);
	assert_false(position_is_none(&at));
}

STORE_TEST(a_position_is_removed_when_the_store_leaves_its_log)
{
	const struct position at = some_position(), none = {0};

	assert_int_equal(position_remove(&f->env), 0);
	store_position(f, &at);
	assert_int_equal(position_remove(&f->env), 0);
	expect_position(f, &none);
}

/* The first row of a log that it was about to begin: it must not be taken for its log later. */
STORE_TEST(a_plan_to_begin_a_log_is_removed_too)
{
	struct position plan = some_position();
	const struct position none = {0};

	plan.seq = 0;
	assert_false(position_is_none(&plan));
	store_position(f, &plan);
	assert_int_equal(position_remove(&f->env), 0);
	expect_position(f, &none);
}

STORE_TEST(a_position_of_another_length_is_damaged)
{
	struct position at;

	put_entry(f, TABLE_META, key_meta(META_LOG), "short");
	assert_int_equal(position_load(&f->env, &at), RECORD_DAMAGED);
	assert_int_equal(position_remove(&f->env), RECORD_DAMAGED);
	delete_entry(f, TABLE_META, key_meta(META_LOG));
}

TEST_MAIN(NULL, NULL)
