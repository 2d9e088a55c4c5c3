/*
 * The scrub reads every record once, counts the damaged ones, and leaves the time to requests.
 */
#include "storaged/server/scrub.h"
#include "tests/unit/storaged/store_fixture.h"

#define INTERVAL_MS 12345u

/* Calls until the pass is complete; the store gets no requests. Returns their number. */
static unsigned
scrub_all(struct fixture *f)
{
	unsigned calls = 0;

	f->env.scrub.interval_ms = INTERVAL_MS;
	do
		calls++;
	while (scrub_step(&f->env, 0) != INTERVAL_MS);
	return calls;
}

static size_t
count_all(struct fixture *f)
{
	size_t n, all = 0;
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	for (enum table i = 0; i < TABLES; i++) {
		assert_int_equal(txn_count(&t, i, &n), 0);
		all += n;
	}
	txn_abort(&t);
	return all;
}

static void
expect_done(struct fixture *f, uint64_t damaged)
{
	const struct scrub *s = &f->env.scrub;

	assert_false(s->running);
	assert_true(s->done_at > 0 && s->done_at <= clock_wall_ms());
	assert_int_equal(s->done_entries, count_all(f));
	assert_int_equal(s->done_damaged, damaged);
}

STORE_TEST(every_record_is_read_and_damaged_ones_are_counted)
{
	char *text = xcalloc(1, 9001), session[16];
	struct key key;

	memset(text, 'x', 9000);
	for (unsigned i = 0; i < 300; i++) {
		snprintf(session, sizeof(session), "s%u", i);
		chat(f, session, text, "answer");
	}
	free(text);
	/* More than the bytes of one step. */
	assert_true(scrub_all(f) > 1);
	expect_done(f, 0);
	for (unsigned i = 0; i < 2; i++) {
		struct id conversation = chat(f, i == 0 ? "a" : "b", "q", "a");

		key = key_message(&conversation, 1);
		flip_bit(f, TABLE_MESSAGES, &key);
	}
	scrub_all(f);
	expect_done(f, 2);
}

STORE_TEST(a_damaged_page_does_not_stop_the_scrub)
{
	struct id conversation = chat(f, "a", "q", "a");
	struct key key = key_message(&conversation, 1);

	damage_page(f, TABLE_MESSAGES, &key);
	scrub_all(f);
	assert_true(f->env.scrub.done_damaged > 0);
	assert_true(f->env.scrub.done_entries > 5);
}

/* LMDB's node of a record: before the key is its length, in two bytes (mdb.c, MDB_node). */
static void
lengthen_key(struct fixture *f, enum table table, const struct key *key)
{
	static const uint8_t high_byte = 2;
	size_t page = page_of_record(f, table, key);
	struct slice value;

	assert_int_equal(get_entry(f, table, key, &value), 0);
	overwrite_file(f, page + (uintptr_t)value.p % PAGE_SIZE - key->len - 1, &high_byte,
	    sizeof(high_byte));
}

STORE_TEST(a_key_that_is_too_long_is_counted_and_does_not_stop_the_scrub)
{
	struct id conversation = {0};
	struct key key;

	for (unsigned i = 0; i < 8; i++)
		conversation = chat(f, "a", "q", "a");
	key = key_message(&conversation, 16);
	lengthen_key(f, TABLE_MESSAGES, &key);
	scrub_all(f);
	expect_done(f, 1);
}

STORE_TEST(requests_come_first)
{
	f->env.scrub.interval_ms = INTERVAL_MS;
	for (uint64_t requests = 1; requests <= 9; requests++) {
		assert_int_equal(scrub_step(&f->env, requests), SCRUB_STEP_MS);
		assert_int_equal(f->env.scrub.entries, 0);
	}
	(void)scrub_step(&f->env, 10);
	assert_true(f->env.scrub.entries > 0);
}

TEST_MAIN(NULL, NULL)
