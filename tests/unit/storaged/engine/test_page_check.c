/*
 * Damaged pages of the file: a lookup that meets one fails, and nothing is written after the first
 * commit that freed a wrong page.
 */
#include <sysexits.h>

#include "storaged/engine/meta_page.h"
#include "storaged/engine/page_tree.h"
#include "storaged/server/scrub.h"
#include "tests/unit/storaged/store_fixture.h"

#define KEYS      600u
#define DAMAGED   300u /* the key whose page is damaged */
#define FILE_PAGE 4096u

static struct key
key_of_number(uint32_t number)
{
	struct id id = {{0}};

	id.b[14] = (uint8_t)(number >> 8);
	id.b[15] = (uint8_t)number;
	return key_id(&id);
}

static int
get(struct fixture *f, uint32_t number)
{
	struct key key = key_of_number(number);
	struct slice value;

	return get_entry(f, TABLE_LOGINS, &key, &value);
}

/* One value for each key, on many pages. */
static void
fill(struct fixture *f)
{
	static const uint8_t value[100];
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	for (uint32_t i = 0; i < KEYS; i++) {
		struct key key = key_of_number(i);

		assert_int_equal(
		    txn_put(&t, TABLE_LOGINS, &key, (struct slice){value, sizeof(value)}), 0);
	}
	assert_int_equal(txn_commit(&t), 0);
	f->damaged = true;
}

static size_t
page_of_number(struct fixture *f, uint32_t number)
{
	struct key key = key_of_number(number);

	return page_of_record(f, TABLE_LOGINS, &key);
}

/* Writes a key without reading it before, and commits. */
static int
put(struct fixture *f, uint32_t number)
{
	struct key key = key_of_number(number);
	struct txn t;
	int rc = txn_begin(&t, &f->env, TXN_WRITE);

	if (rc != 0)
		return rc;
	rc = txn_put(&t, TABLE_LOGINS, &key, slice_str("new"));
	if (rc == 0)
		return txn_commit(&t);
	txn_abort(&t);
	return rc;
}

/* LMDB frees the number that it finds in the header: page 0. Without the check, one of the next commits
 * overwrites that page, and the store cannot be opened again. */
STORE_TEST(a_commit_that_frees_a_wrong_page_is_the_last_one)
{
	static const uint8_t number[8];

	fill(f);
	overwrite_file(f, page_of_number(f, DAMAGED), number, sizeof(number));
	assert_null(f->env.damage);
	assert_int_equal(put(f, DAMAGED), 0);
	for (int starts = 0; starts < 3; starts++) {
		assert_string_equal(f->env.damage, page_check_damage);
		assert_false(f->env.writable);
		for (uint32_t i = 0; i < 8; i++)
			assert_int_equal(put(f, i), MDB_CORRUPTED);
		assert_int_equal(get(f, 0), 0);
		assert_int_equal(get(f, DAMAGED), 0);
		store_restart(f, STORE_BYTES);
	}
}

/* The whole page, or only the number in its header, as after a write to the wrong place. */
TEST(a_lookup_in_a_damaged_page_fails_and_others_succeed)
{
	static const struct {
		uint8_t byte;
		size_t bytes; /* 0: the file ends before the page */
	} cases[] = {
	    {0x00, FILE_PAGE}, {0xff, FILE_PAGE}, {0x55, FILE_PAGE}, {0x00, 8}, {0, 0}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t bytes[FILE_PAGE];
		void *fixture;
		struct fixture *f;
		size_t page;

		fixture_setup(&fixture);
		f = fixture;
		fill(f);
		store_restart(f, STORE_BYTES);
		page = page_of_number(f, DAMAGED);
		memset(bytes, cases[i].byte, sizeof(bytes));
		if (cases[i].bytes == 0)
			assert_int_equal(truncate(path_in(f->dir, "data.mdb"), (off_t)page), 0);
		else
			overwrite_file(f, page, bytes, cases[i].bytes);
		assert_null(f->env.damage);
		assert_true(env_is_page_damage(get(f, DAMAGED)));
		assert_non_null(f->env.damage);
		if (cases[i].bytes > 0)
			assert_int_equal(get(f, 0), 0);
		fixture_teardown(&fixture);
	}
}

/* The roots of LMDB's main tree, and of the table of the keys, which is a branch page. */
static void
root_pages(struct fixture *f, size_t *main, size_t *table)
{
	struct page_tree tree;
	MDB_envinfo info;

	assert_int_equal(mdb_env_info(f->env.mdb, &info), 0);
	assert_int_equal(page_tree_open(&tree, f->env.mdb, info.me_last_txnid, NULL, NULL), 0);
	assert_int_equal(tree.table[TABLE_LOGINS]->depth, 2);
	*main = tree.main.page;
	*table = tree.table[TABLE_LOGINS]->page;
	page_tree_close(&tree);
}

static size_t
branch_page(struct fixture *f)
{
	size_t main, branch;

	root_pages(f, &main, &branch);
	return branch;
}

static void
read_file(struct fixture *f, size_t at, void *bytes, size_t n)
{
	int fd = open(path_in(f->dir, "data.mdb"), O_RDONLY | O_CLOEXEC);

	assert_int_equal(pread(fd, bytes, n, (off_t)at), n);
	closefd(&fd);
}

/* The branch page gets the number of a page below it. */
static size_t
wrong_number(struct fixture *f)
{
	size_t page = branch_page(f), other = page_of_number(f, DAMAGED) / FILE_PAGE;

	overwrite_file(f, page * FILE_PAGE, &other, sizeof(other));
	return page;
}

/* Its second entry leads where its third one leads. An entry begins with the page's number; the places of the
 * entries follow the page's header. */
static size_t
two_ways(struct fixture *f)
{
	const size_t page = branch_page(f) * FILE_PAGE;
	uint16_t entries[3], child;

	read_file(f, page + 16, entries, sizeof(entries));
	read_file(f, page + entries[2], &child, sizeof(child));
	overwrite_file(f, page + entries[1], &child, sizeof(child));
	return child;
}

static void
keep_page_report(void *arg, [[gnu::unused]] enum table table, const char *what)
{
	char *kept = arg;

	/* The keys of two ways are out of order, too. */
	if (strncmp(what, "page ", 5) == 0 && strstr(what, "out of order") == NULL &&
	    kept[0] == '\0')
		snprintf(kept, 80, "%s", what);
}

/* LMDB reads both without an error, and frees a page that is in use when it changes them. */
TEST(a_branch_page_that_would_free_another_one_is_found_by_verify_and_by_the_scrub)
{
	static const struct {
		size_t (*damage)(struct fixture *f); /* returns the page that is reported */
		const char *what;
	} cases[] = {
	    {wrong_number, "has the number of another page"}, {two_ways, "is in use twice"}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char found[80] = "", expected[80];
		const struct verify how = {.found = keep_page_report, .arg = found};
		struct verify_result result;
		struct fixture *f;
		void *fixture;
		struct txn t;

		fixture_setup(&fixture);
		f = fixture;
		fill(f);
		snprintf(expected, sizeof(expected), "page %zu %s", cases[i].damage(f),
		    cases[i].what);
		assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
		assert_int_equal(verify_store(&t, &how, &result), 0);
		txn_abort(&t);
		assert_string_equal(found, expected);
		assert_null(f->env.damage);
		while (scrub_step(&f->env, 0) == SCRUB_STEP_MS)
			;
		assert_string_equal(f->env.damage, page_tree_damage);
		assert_int_equal(put(f, 0), MDB_CORRUPTED);
		fixture_teardown(&fixture);
	}
}

/* Each of these, as the first request that meets it. */
TEST(without_the_main_tree_nothing_is_read_or_written_and_no_start_succeeds)
{
	static const uint8_t zeros[FILE_PAGE];

	for (int writes = 0; writes < 2; writes++) {
		size_t main, branch;
		struct fixture *f;
		void *fixture;

		fixture_setup(&fixture);
		f = fixture;
		fill(f);
		root_pages(f, &main, &branch);
		overwrite_file(f, main * FILE_PAGE, zeros, sizeof(zeros));
		assert_int_equal(writes ? put(f, 0) : get(f, 0), MDB_CORRUPTED);
		assert_string_equal(f->env.damage, page_tree_main_damage);
		assert_int_equal(put(f, 0), MDB_CORRUPTED);
		assert_int_equal(get(f, 0), MDB_CORRUPTED);
		env_close(&f->env);
		assert_int_equal(
		    env_open(&f->env, f->dir, STORE_BYTES, organization_make_default),
		    EX_DATAERR);
		fixture_teardown(&fixture);
	}
}

/* LMDB would end the process. The newer one is that of the last transaction. */
TEST(without_a_meta_page_nothing_is_written_and_without_the_newer_one_nothing_is_read)
{
	static const uint8_t zeros[FILE_PAGE];

	for (int older = 0; older < 2; older++) {
		MDB_envinfo info;
		struct fixture *f;
		void *fixture;

		fixture_setup(&fixture);
		f = fixture;
		fill(f);
		assert_int_equal(mdb_env_info(f->env.mdb, &info), 0);
		overwrite_file(f, (info.me_last_txnid + (size_t)older) % META_PAGES * FILE_PAGE,
		    zeros, sizeof(zeros));
		assert_int_equal(get(f, 0), older ? 0 : MDB_CORRUPTED);
		assert_int_equal(put(f, 0), MDB_CORRUPTED);
		assert_string_equal(f->env.damage, meta_page_damage);
		env_close(&f->env);
		assert_int_equal(
		    env_open(&f->env, f->dir, STORE_BYTES, organization_make_default),
		    EX_DATAERR);
		fixture_teardown(&fixture);
	}
}

TEST_MAIN(NULL, NULL)
