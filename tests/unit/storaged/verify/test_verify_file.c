/*
 * The check of the store as a whole: every page of the file has its place, walks are bounded, and
 * one who looks while others write sees one state.
 */
#include <fcntl.h>
#include <time.h>

#include "tests/unit/storaged/store_fixture.h"
#include "tests/unit/unit.h"

#define PAGE_SIZE 4096
#define LINES_MAX 8

/* The reported lines. */
struct lines {
	size_t n;
	char line[LINES_MAX][160];
};

static void
keep_line(void *arg, enum table table, const char *what)
{
	struct lines *lines = arg;

	assert_true(lines->n < LINES_MAX);
	snprintf(
	    lines->line[lines->n++], sizeof(lines->line[0]), "%s: %s", table_name(table), what);
}

static void
verify(struct fixture *f, struct lines *lines)
{
	const struct verify how = {.found = keep_line, .arg = lines};
	struct verify_result result;
	struct txn t;

	*lines = (struct lines){0};
	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	assert_int_equal(verify_store(&t, &how, &result), 0);
	txn_abort(&t);
	assert_int_equal(result.broken, lines->n);
}

/* Writes into the file behind LMDB's back, which sees it at once. */
static void
write_file(struct fixture *f, size_t at, const void *bytes, size_t n)
{
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "%s/data.mdb", f->dir);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_not_equal(fd, -1);
	assert_int_equal(pwrite(fd, bytes, n, (off_t)at), n);
	closefd(&fd);
	f->damaged = true;
}

static MDB_envinfo
env_info(struct fixture *f)
{
	MDB_envinfo info;

	assert_int_equal(mdb_env_info(f->env.mdb, &info), 0);
	return info;
}

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

/* Expects these lines; of the last one only the beginning. */
static void
expect_lines(struct fixture *f, size_t n, const char *const *expected)
{
	struct lines lines;

	verify(f, &lines);
	assert_int_equal(lines.n, n);
	for (size_t i = 0; i < n; i++) {
		lines.line[i][strlen(expected[i])] = '\0';
		assert_string_equal(lines.line[i], expected[i]);
	}
}
#define EXPECT_LINES(f, ...)                                                    \
	expect_lines(f, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), \
	    (const char *const[]){__VA_ARGS__})

/* The meta page of a snapshot has the number of its last page behind the page's head (16 bytes),
 * four numbers (24) and the roots of two trees (48 each). */
STORE_TEST(a_page_that_is_nowhere_is_found)
{
	struct fixture *f = *state;
	MDB_envinfo info = env_info(f);
	size_t last = info.me_last_pgno + 1;

	write_file(
	    f, info.me_last_txnid % 2 * PAGE_SIZE + 16 + 24 + 2 * 48, &last, sizeof(last));
	assert_int_equal(env_info(f).me_last_pgno, last);
	EXPECT_LINES(f, "meta: the file has ");
}

STORE_TEST(a_free_page_that_is_not_there_is_found)
{
	struct fixture *f = *state;
	size_t list[3], at, page = 1000000;

	chat(f, "s1", "q", "a");
	at = free_list(f, list, ARRAY_LEN(list));
	write_file(f, at + sizeof(page), &page, sizeof(page));
	EXPECT_LINES(f, "meta: page 1000000 is listed as free, but does not exist");
}

STORE_TEST(a_page_that_is_free_twice_is_found)
{
	struct fixture *f = *state;
	char expected[64];
	size_t list[3], at;

	chat(f, "s1", "q", "a");
	at = free_list(f, list, ARRAY_LEN(list));
	write_file(f, at + 2 * sizeof(size_t), &list[1], sizeof(list[1]));
	snprintf(expected, sizeof(expected), "meta: page %zu is free twice", list[1]);
	EXPECT_LINES(f, expected);
}

STORE_TEST(a_list_of_free_pages_that_is_cut_short_is_found)
{
	struct fixture *f = *state;
	size_t list[1], at, n = 1000000;

	chat(f, "s1", "q", "a");
	at = free_list(f, list, ARRAY_LEN(list));
	write_file(f, at, &n, sizeof(n));
	EXPECT_LINES(f, "meta: a list of free pages is too short", "meta: the file has ");
}

/* An unreadable page ends the check. */
STORE_TEST(a_broken_page_is_an_error)
{
	struct fixture *f = *state;
	const struct verify how = {.found = print_found};
	struct verify_result result;
	struct id id = chat(f, "s1", "q", "a");
	struct key key = key_id(&id);
	struct txn t;

	damage_page(f, TABLE_CONVERSATIONS, &key);
	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	assert_int_equal(verify_store(&t, &how, &result), MDB_CORRUPTED);
	txn_abort(&t);
}

/* Conversations of more organizations than one walk counts. */
enum { ORGS = 5000 };

static struct id
org_number(unsigned n)
{
	/* Not in the order of their creation. */
	return (struct id){{1, (uint8_t)(n * 37), (uint8_t)(n >> 8), (uint8_t)n}};
}

static void
begin_for_many(struct fixture *f)
{
	uint64_t first = f->requests + 1;
	unsigned n = 0;

	while (n < ORGS) {
		for (int i = 0; i < 500 && n < ORGS; i++) {
			struct msg_turn_begin m = begin_of("s", "q");

			m.org = org_number(n++);
			m.history = 1;
			send_org(f, &m.org);
			send_request(f, &f->a, MSG_TURN_BEGIN, &m);
		}
		commit(f);
	}
	for (; first <= f->requests; first += 2) {
		expect_answer(f, &f->a, first, MSG_OK, NULL);
		expect_answer(f, &f->a, first + 1, MSG_TURN_BEGUN, NULL);
	}
}

STORE_TEST(totals_of_many_organizations_are_counted)
{
	static const unsigned wrong[] = {0, 1, ORGS / 2, ORGS - 2, ORGS - 1};
	struct fixture *f = *state;
	struct lines lines;
	struct txn t;

	begin_for_many(f);
	expect_whole(f);
	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct id org = org_number(wrong[i]);

		struct key key = key_id(&org);
		struct msg_totals_record totals = {RECORD_VERSION, 1, 2};

		assert_int_equal(
		    txn_put_record(&t, TABLE_TOTALS, &key, MSG_TOTALS_RECORD, &totals), 0);
	}
	assert_int_equal(txn_commit(&t), 0);
	f->damaged = true;
	verify(f, &lines);
	assert_int_equal(lines.n, ARRAY_LEN(wrong));
	for (size_t i = 0; i < lines.n; i++)
		assert_non_null(strstr(
		    lines.line[i], "is 1 conversations and 2 messages; there are 1 and 1"));
}

/* As a running storaged does: the check sees one snapshot, the newest. */
STORE_TEST(commits_in_the_meantime_do_no_harm)
{
	struct fixture *f = *state;
	const struct verify how = {.found = print_found};
	struct msg_turn_begin begin_late = begin_of("s2", "late");
	struct verify_result before, after;
	struct txn t;

	chat(f, "s1", "q", "a");
	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	assert_int_equal(verify_store(&t, &how, &before), 0);
	txn_abort(&t);
	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	ask(f, MSG_TURN_BEGIN, &begin_late, MSG_TURN_BEGUN, NULL);
	assert_int_equal(verify_store(&t, &how, &after), 0);
	txn_abort(&t);
	assert_int_equal(after.broken, 0);
	assert_true(after.entries > before.entries);
}

/* In a meta page, the snapshot's number follows that of its last page. */
static void
number_meta(struct fixture *f, size_t page, size_t number)
{
	write_file(f, page * PAGE_SIZE + 16 + 24 + 2 * 48 + 8, &number, sizeof(number));
}

/* A commit that is in progress until the check has waited this often. */
static struct {
	struct fixture *f;
	size_t page, number;
	unsigned waits;
} commit_on_its_way;

/* Replaces the C library's function. */
int
nanosleep(const struct timespec *request, struct timespec *left)
{
	if (commit_on_its_way.waits > 0 && --commit_on_its_way.waits == 0)
		number_meta(
		    commit_on_its_way.f, commit_on_its_way.page, commit_on_its_way.number);
	return clock_nanosleep(CLOCK_MONOTONIC, 0, request, left);
}

/* A commit's meta page is visible before it is synced; its snapshot is readable only afterwards. */
STORE_TEST(a_commit_that_is_being_synced_is_waited_for)
{
	struct fixture *f = *state;
	size_t newest = env_info(f).me_last_txnid;

	commit_on_its_way.f = f;
	commit_on_its_way.page = (newest + 1) % 2;
	commit_on_its_way.number = newest - 1;
	commit_on_its_way.waits = 3;
	number_meta(f, commit_on_its_way.page, newest + 1);
	assert_int_equal(env_info(f).me_last_txnid, newest + 1);
	expect_whole(f);
	assert_int_equal(commit_on_its_way.waits, 0);
	assert_int_equal(env_info(f).me_last_txnid, newest);
	f->damaged = false;
}

static void
note_progress(void *arg, uint64_t entries)
{
	uint64_t *last = arg;

	assert_true(entries > *last);
	*last = entries;
}

STORE_TEST(progress_is_told)
{
	struct fixture *f = *state;
	uint64_t last = 0;
	const struct verify how = {print_found, note_progress, &last};
	struct verify_result result;
	struct txn t;

	begin_for_many(f);
	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	assert_int_equal(verify_store(&t, &how, &result), 0);
	txn_abort(&t);
	assert_true(last > 0 && last <= result.entries && result.entries > 7 * ORGS);
}

TEST_MAIN(NULL, NULL)
