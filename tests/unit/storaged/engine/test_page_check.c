/*
 * Damaged pages of the file: a lookup that meets one fails, and nothing is written after the first
 * commit that freed a wrong page.
 */
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
	assert_int_equal(txn_put(&t, TABLE_LOGINS, &key, slice_str("new")), 0);
	return txn_commit(&t);
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

TEST_MAIN(NULL, NULL)
