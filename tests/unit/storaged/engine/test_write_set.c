/*
 * The changes of a transaction as bytes.
 */
#include "storaged/engine/write_set.h"
#include "tests/unit/unit.h"

#define SET_MAX 65536u

static struct buf set;

FIXTURE(set_up)
{
	buf_init(&set, SET_MAX);
}

FIXTURE(tear_down)
{
	buf_clear(&set);
}

static void
expect_next(
    struct slice *rest, bool deletes, enum table table, const char *key, const char *value)
{
	struct write w;

	assert_int_equal(write_set_next(rest, &w), 1);
	assert_int_equal(w.deletes, deletes);
	assert_int_equal(w.table, table);
	assert_true(slice_eq_str(w.key, key));
	assert_true(slice_eq_str(w.value, value));
}

static void
expect_end(struct slice rest)
{
	struct write w;

	assert_int_equal(write_set_next(&rest, &w), 0);
}

FIXTURE_TEST(changes_are_read_in_their_order)
{
	struct slice rest;

	assert_int_equal(
	    write_set_put(&set, TABLE_META, slice_str("a"), slice_str("value")), 0);
	assert_int_equal(write_set_del(&set, TABLE_MESSAGES, slice_str("b")), 0);
	assert_int_equal(write_set_put(&set, TABLE_META, slice_str("a"), (struct slice){0}), 0);
	rest = buf_slice(&set);
	expect_next(&rest, false, TABLE_META, "a", "value");
	expect_next(&rest, true, TABLE_MESSAGES, "b", "");
	expect_next(&rest, false, TABLE_META, "a", "");
	expect_end(rest);
}

FIXTURE_TEST(every_table_is_found_by_its_name)
{
	struct slice rest;

	for (unsigned i = 0; i < TABLES; i++)
		assert_int_equal(write_set_del(&set, (enum table)i, slice_str("k")), 0);
	rest = buf_slice(&set);
	for (unsigned i = 0; i < TABLES; i++)
		expect_next(&rest, true, (enum table)i, "k", "");
	expect_end(rest);
}

FIXTURE_TEST(the_longest_key_is_kept)
{
	static uint8_t longest[KEY_MAX];
	struct slice key = {longest, sizeof(longest)}, rest;
	struct write w;

	memset(longest, 0xff, sizeof(longest));
	assert_int_equal(write_set_put(&set, TABLE_META, key, slice_str("v")), 0);
	rest = buf_slice(&set);
	assert_int_equal(write_set_next(&rest, &w), 1);
	assert_true(slice_eq(w.key, key));
	expect_end(rest);
}

FIXTURE_TEST(a_change_without_room_is_not_added)
{
	static uint8_t large[SET_MAX];
	size_t before;

	assert_int_equal(write_set_del(&set, TABLE_META, slice_str("k")), 0);
	before = buf_len(&set);
	assert_int_equal(write_set_put(&set, TABLE_META, slice_str("k"),
			     (struct slice){large, sizeof(large)}),
	    ENOBUFS);
	assert_int_equal(buf_len(&set), before);
}

/* How many changes there are before the end or the first invalid byte. */
static size_t
read_all(struct slice rest, int *end)
{
	struct write w;
	size_t n = 0;

	while ((*end = write_set_next(&rest, &w)) == 1)
		n++;
	return n;
}

/* Each prefix, in memory of exactly its size. */
FIXTURE_TEST(a_set_that_is_cut_is_invalid_except_between_changes)
{
	size_t ends[3];
	int end;

	assert_int_equal(write_set_put(&set, TABLE_META, slice_str("one"), slice_str("v")), 0);
	ends[0] = buf_len(&set);
	assert_int_equal(write_set_del(&set, TABLE_MESSAGES, slice_str("two")), 0);
	ends[1] = buf_len(&set);
	assert_int_equal(
	    write_set_put(&set, TABLE_LOGINS, slice_str("3"), slice_str("value")), 0);
	ends[2] = buf_len(&set);
	for (size_t len = 0; len <= ends[2]; len++) {
		uint8_t *cut = xcalloc(1, len + 1);
		size_t whole = 0;
		bool between = len == 0 || len == ends[0] || len == ends[1] || len == ends[2];

		for (size_t i = 0; i < ARRAY_LEN(ends); i++)
			whole += len >= ends[i];
		memcpy(cut, buf_data(&set), len);
		assert_int_equal(read_all((struct slice){cut, len}, &end), whole);
		assert_int_equal(end, between ? 0 : -1);
		free(cut);
	}
}

static void
expect_invalid(const void *bytes, size_t n)
{
	struct slice rest = {bytes, n};
	struct write w;

	assert_int_equal(write_set_next(&rest, &w), -1);
}
#define EXPECT_INVALID(bytes) expect_invalid(bytes, sizeof(bytes) - 1)

TEST(tables_and_keys_that_cannot_be_are_invalid)
{
	uint8_t long_key[3 + 4 + KEY_MAX + 1] = "\x84\0\0meta";
	uint16_t key_len = KEY_MAX + 1;

	EXPECT_INVALID("\x84\1\0netak");       /* another table */
	EXPECT_INVALID("\x83\1\0metk");        /* a part of a name */
	EXPECT_INVALID("\x85\1\0meta\0k");     /* a name with a NUL */
	EXPECT_INVALID("\x80\1\0k");           /* no name */
	EXPECT_INVALID("\x84\0\0meta");        /* no key */
	EXPECT_INVALID("\4\0\0\1\0\0\0metav"); /* the same with a value */
	EXPECT_INVALID("\4\1\0\xff\xff\xff\xffmetakv");
	memcpy(long_key + 1, &key_len, sizeof(key_len));
	expect_invalid(long_key, sizeof(long_key));
}

/* Whatever can be read is written as the same bytes. */
static void
expect_same_when_written(struct slice bytes)
{
	struct slice rest = bytes;
	struct write w;

	buf_reset(&set);
	while (write_set_next(&rest, &w) == 1) {
		int rc = w.deletes ? write_set_del(&set, w.table, w.key)
				   : write_set_put(&set, w.table, w.key, w.value);

		assert_int_equal(rc, 0);
		assert_true(buf_len(&set) <= bytes.len);
		assert_memory_equal(buf_data(&set), bytes.p, buf_len(&set));
	}
}

FIXTURE_TEST(a_set_with_changed_bytes_is_read_within_its_bounds)
{
	struct buf original;

	buf_init(&original, SET_MAX);
	for (int i = 0; i < 20; i++) {
		char key[16];

		snprintf(key, sizeof(key), "key %d", i);
		assert_int_equal(
		    write_set_put(&original, TABLE_META, slice_str(key), slice_str("v")), 0);
		assert_int_equal(write_set_del(&original, TABLE_LOGINS, slice_str(key)), 0);
	}
	for (size_t at = 0; at < buf_len(&original); at++)
		for (unsigned change = 1; change < 256; change += 7) {
			size_t n = buf_len(&original);
			uint8_t *copy = xcalloc(1, n);

			memcpy(copy, buf_data(&original), n);
			copy[at] ^= (uint8_t)change;
			expect_same_when_written((struct slice){copy, n});
			free(copy);
		}
	buf_clear(&original);
}

FIXTURE_TEST(a_set_that_was_large_keeps_no_memory)
{
	static uint8_t value[100000];
	const struct slice large = {value, sizeof(value)};
	struct buf one;

	buf_init(&one, WRITE_SET_MAX);
	assert_int_equal(write_set_put(&one, TABLE_META, slice_str("key"), large), 0);
	write_set_trim(&one);
	assert_int_equal(buf_len(&one), 0);
	assert_true(buf_spare(&one) > 0);
	while (buf_len(&one) <= WRITE_SET_KEPT)
		assert_int_equal(write_set_put(&one, TABLE_META, slice_str("key"), large), 0);
	write_set_trim(&one);
	assert_int_equal(buf_spare(&one), 0);
	buf_clear(&one);
}

TEST_MAIN(NULL, NULL)
