/*
 * The counts of organizations: cached within a transaction, and dropped with it.
 */
#include "tests/unit/storaged/store_fixture.h"

#include "storaged/engine/totals.h"
#include "tests/unit/unit.h"

static const struct id org_a = {{1}}, org_b = {{2}};

static void
add(struct txn *t, const struct id *org, int64_t conversations, int64_t messages)
{
	assert_int_equal(totals_add(t, org, conversations, messages), 0);
}

static void
expect(struct txn *t, const struct id *org, uint64_t conversations, uint64_t messages)
{
	struct msg_totals_record totals;

	assert_int_equal(totals_get(t, org, &totals), 0);
	assert_int_equal(totals.conversations, conversations);
	assert_int_equal(totals.messages, messages);
}

STORE_TEST(changes_show_at_once_and_are_stored_by_the_commit)
{
	struct fixture *f = *state;
	struct txn t;

	f->damaged = true; /* what is counted here does not exist */
	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	expect(&t, &org_a, 0, 0);
	for (unsigned i = 1; i <= 10; i++) {
		add(&t, &org_a, 1, 2);
		add(&t, &org_b, 0, 3);
		expect(&t, &org_a, i, 2 * i);
	}
	add(&t, &org_b, 0, -3);
	expect(&t, &org_b, 0, 27);
	assert_true(t.changes > 0);
	assert_int_equal(txn_commit(&t), 0);
	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	expect(&t, &org_a, 10, 20);
	expect(&t, &org_b, 0, 27);
	txn_abort(&t);
}

STORE_TEST(an_undone_batch_counts_nothing)
{
	struct fixture *f = *state;
	struct txn t;

	f->damaged = true; /* what is counted here does not exist */
	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	add(&t, &org_a, 1, 1);
	assert_int_equal(txn_commit(&t), 0);
	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	add(&t, &org_a, 1, 1);
	add(&t, &org_b, 1, 1);
	txn_abort(&t);
	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	expect(&t, &org_a, 1, 1);
	expect(&t, &org_b, 0, 0);
	txn_abort(&t);
}

/* The record of an organization without conversations is removed. */
STORE_TEST(a_count_does_not_fall_under_zero)
{
	struct fixture *f = *state;
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	add(&t, &org_a, 1, 2);
	add(&t, &org_a, -1, -3);
	expect(&t, &org_a, 0, 0);
	assert_int_equal(txn_commit(&t), 0);
	assert_int_equal(table_count(f, TABLE_TOTALS), 0);
}

STORE_TEST(a_damaged_record_is_no_zero)
{
	struct fixture *f = *state;
	struct msg_totals_record totals;
	struct txn t;

	damage(f, TABLE_TOTALS, &org_a);
	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(totals_add(&t, &org_a, 1, 1), RECORD_DAMAGED);
	assert_int_equal(totals_get(&t, &org_a, &totals), RECORD_DAMAGED);
	add(&t, &org_b, 1, 1);
	assert_int_equal(totals_add(&t, &org_a, 1, 1), RECORD_DAMAGED);
	expect(&t, &org_b, 1, 1);
	txn_abort(&t);
}

TEST_MAIN(NULL, NULL)
