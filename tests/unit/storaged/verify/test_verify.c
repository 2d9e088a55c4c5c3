/*
 * The check of the store's file: every page is in use or free; the check may run during commits.
 * verify.scenario has the faults of records.
 */
#include <time.h>

#include "tests/unit/storaged/store_report.h"

/* The first list of at least n - 1 free pages: their count, and their numbers. Returns where it
 * is in the file: a page begins with its own number. */
static size_t
free_list(struct fixture *f, size_t *list, size_t n)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	struct txn t;
	size_t page;
	uintptr_t at;

	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	assert_int_equal(mdb_cursor_open(t.mdb, 0, &cursor), 0);
	do {
		assert_int_equal(mdb_cursor_get(cursor, &key, &value, MDB_NEXT), 0);
		memcpy(list, value.mv_data, sizeof(*list));
	} while (list[0] < n - 1);
	memcpy(list, value.mv_data, n * sizeof(*list));
	at = (uintptr_t)value.mv_data % PAGE_SIZE;
	memcpy(&page, (const uint8_t *)value.mv_data - at, sizeof(page));
	mdb_cursor_close(cursor);
	txn_abort(&t);
	return page * PAGE_SIZE + at;
}

/* Expects a report; of its last line only the beginning. */
static void
expect_report(struct fixture *f, const char *expected)
{
	struct report report;

	assert_int_equal(report_make(f, &report), 0);
	assert_null(strchr(report.text + strlen(expected), '\n'));
	report.text[strlen(expected)] = '\0';
	assert_string_equal(report.text, expected);
}

/* The meta page of a snapshot has the number of its last page behind the page's head (16 bytes),
 * four numbers (24) and the roots of two trees (48 each). */
STORE_TEST(an_unused_page_that_is_not_free_is_reported)
{
	MDB_envinfo info = store_info(f);
	size_t last = info.me_last_pgno + 1;

	overwrite_file(
	    f, info.me_last_txnid % 2 * PAGE_SIZE + 16 + 24 + 2 * 48, &last, sizeof(last));
	assert_int_equal(store_info(f).me_last_pgno, last);
	expect_report(f, "meta: the file has ");
}

STORE_TEST(a_wrong_list_of_free_pages_is_reported)
{
	char twice[64];
	size_t list[3], at;

	chat(f, "s1", "q", "a");
	at = free_list(f, list, ARRAY_LEN(list));
	snprintf(twice, sizeof(twice), "meta: page %zu is free twice", list[1]);
	const struct {
		size_t index, number; /* of the list: its length, then the pages */
		const char *report;
	} cases[] = {
	    {1, 1000000, "meta: page 1000000 is listed as free, but does not exist"},
	    {2, list[1], twice},
	    {0, 1000000, "meta: a list of free pages is too short\nmeta: the file has "},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t place = at + cases[i].index * sizeof(list[0]);

		overwrite_file(f, place, &cases[i].number, sizeof(cases[i].number));
		expect_report(f, cases[i].report);
		overwrite_file(f, place, &list[cases[i].index], sizeof(list[0]));
	}
}

/* LMDB keeps the pages of a large value that the same transaction wrote before (mdb.c, mdb_cursor_put()), as it
 * does with long lists of free pages. */
STORE_TEST(a_large_value_that_one_transaction_wrote_twice_may_have_spare_pages)
{
	static const uint8_t text[3 * PAGE_SIZE];
	static const size_t sizes[] = {sizeof(text), PAGE_SIZE, 1};
	const struct key key = key_meta(META_PROBE "1");
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		assert_int_equal(
		    txn_put(&t, TABLE_META, &key, (struct slice){text, sizes[i]}), 0);
	assert_int_equal(txn_commit(&t), 0);
	expect_whole(&f->env);
}

STORE_TEST(an_unknown_table_is_reported)
{
	struct txn t;
	MDB_dbi dbi;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(mdb_dbi_open(t.mdb, "things", MDB_CREATE, &dbi), 0);
	assert_int_equal(txn_commit(&t), 0);
	f->damaged = true;
	expect_report(f, "meta: unknown table: \"things\"");
}

/* The check ends there, and names the last key before the page. */
STORE_TEST(a_damaged_page_is_reported)
{
	struct id id;
	struct key key;
	struct report report;
	char expected[128];
	int n = snprintf(expected, sizeof(expected), "messages: cannot be read behind key ");

	/* Messages on several pages. */
	for (int i = 0; i < 200; i++)
		id = chat(f, "s1", "question", "answer");
	for (size_t i = 0; i < sizeof(id.b); i++)
		n += snprintf(expected + n, sizeof(expected) - (size_t)n, "%02x", id.b[i]);
	key = key_message(&id, 200);
	damage_page(f, TABLE_MESSAGES, &key);
	assert_int_equal(report_make(f, &report), MDB_CORRUPTED);
	assert_memory_equal(report.text, expected, strlen(expected));
	assert_null(strchr(report.text, '\n'));
	key = key_id(&id);
	damage_page(f, TABLE_CONVERSATIONS, &key);
	assert_int_equal(report_make(f, &report), MDB_CORRUPTED);
	assert_string_equal(report.text,
	    "conversations: cannot be read behind key 0: "
	    "MDB_CORRUPTED: Located page was wrong type");
}

/* As while storaged runs: the check sees one snapshot, the newest. */
STORE_TEST(a_commit_during_the_check_is_seen)
{
	const struct verify how = {.found = print_found};
	struct msg_turn_begin late = begin_of("s2", "late");
	struct verify_result result;
	struct report before;
	struct txn t;

	chat(f, "s1", "q", "a");
	assert_int_equal(report_make(f, &before), 0);
	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	ask(f, MSG_TURN_BEGIN, &late, MSG_TURN_BEGUN, NULL);
	assert_int_equal(verify_store(&t, &how, &result), 0);
	txn_abort(&t);
	assert_int_equal(result.broken, 0);
	assert_true(result.entries > before.entries);
}

/* In a meta page, the snapshot's number follows that of its last page. */
static void
number_meta(struct fixture *f, size_t page, size_t number)
{
	overwrite_file(f, page * PAGE_SIZE + 16 + 24 + 2 * 48 + 8, &number, sizeof(number));
}

/* A commit that is in progress until the check has waited this often. */
static struct {
	struct fixture *f;
	size_t page, number;
	unsigned waits;
} pending_commit;

/* Replaces the C library's function. */
int
nanosleep(const struct timespec *request, struct timespec *left)
{
	if (pending_commit.waits > 0 && --pending_commit.waits == 0)
		number_meta(pending_commit.f, pending_commit.page, pending_commit.number);
	return clock_nanosleep(CLOCK_MONOTONIC, 0, request, left);
}

/* A commit's meta page is visible before it is synced; its snapshot is readable only afterwards. */
STORE_TEST(a_commit_that_is_being_synced_is_waited_for)
{
	size_t newest = store_info(f).me_last_txnid;

	pending_commit.f = f;
	pending_commit.page = (newest + 1) % 2;
	pending_commit.number = newest - 1;
	pending_commit.waits = 3;
	number_meta(f, pending_commit.page, newest + 1);
	assert_int_equal(store_info(f).me_last_txnid, newest + 1);
	expect_whole(&f->env);
	assert_int_equal(pending_commit.waits, 0);
	assert_int_equal(store_info(f).me_last_txnid, newest);
	f->damaged = false;
}

TEST_MAIN(NULL, NULL)
