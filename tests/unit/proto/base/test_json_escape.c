/*
 * The escaper: what is escaped, and how, at every position of a text.
 */
#include "proto/base/json_escape.h"
#include "tests/unit/unit.h"

static const struct {
	const char *text;
	size_t len;
	const char *escaped;
} cases[] = {
    {"\"", 1, "\\\""},
    {"\\", 1, "\\\\"},
    {"\n", 1, "\\n"},
    {"\r", 1, "\\r"},
    {"\t", 1, "\\t"},
    {"\0", 1, "\\u0000"},
    {"\x1f", 1, "\\u001f"},
    {"\x7f", 1, "\\u007f"},
    {"\xe2\x80\xa8", 3, "\\u2028"},
    {"\xe2\x80\xa9", 3, "\\u2029"},
    /* similar to an escaped character */
    {" ", 1, " "},
    {"!", 1, "!"},
    {"~", 1, "~"},
    {"\xc2\x80", 2, "\xc2\x80"},
    {"\xe2\x80\xaa", 3, "\xe2\x80\xaa"},
    {"\xe2\x81\xa8", 3, "\xe2\x81\xa8"},
    {"\xe3\x80\xa8", 3, "\xe3\x80\xa8"},
    {"\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80"},
};

static void
append(struct buf *b, const char *bytes, size_t n)
{
	assert_int_equal(buf_append(b, bytes, n), 0);
}

/* Expects the escaped form of a character with letters before and behind it. */
static void
check_between(size_t which, size_t before, size_t behind)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
	size_t len = before + cases[which].len + behind;
	struct buf expected, out;
	uint8_t *text =
	    malloc(len); /* of exact size: a sanitizer detects a read past its end */

	assert_non_null(text);
	memcpy(text, letters, before);
	memcpy(text + before, cases[which].text, cases[which].len);
	memcpy(text + before + cases[which].len, letters, behind);
	buf_init(&expected, 256);
	buf_init(&out, 256);
	append(&expected, letters, before);
	append(&expected, cases[which].escaped, strlen(cases[which].escaped));
	append(&expected, letters, behind);
	assert_int_equal(json_escape(&out, (struct slice){text, len}), 0);
	if (!slice_eq(buf_slice(&out), buf_slice(&expected)))
		fail_msg("case %zu, %zu before, %zu behind", which, before, behind);
	buf_clear(&expected);
	buf_clear(&out);
	free(text);
}

/* The escaper looks at several bytes at a time. */
TEST(each_character_is_escaped_at_every_position)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t before = 0; before <= 17; before++)
			for (size_t behind = 0; behind <= 17; behind++)
				check_between(i, before, behind);
}

TEST(too_little_room_is_an_error)
{
	struct buf out;

	for (size_t room = 0; room < 12; room++) {
		buf_init(&out, room);
		errno = 0;
		assert_int_equal(json_escape(&out, slice_str("abcdefghi\"j")), -1);
		assert_int_equal(errno, ENOBUFS);
		buf_clear(&out);
	}
	buf_init(&out, 12);
	assert_int_equal(json_escape(&out, slice_str("abcdefghi\"j")), 0);
	buf_clear(&out);
}

TEST(empty_text_stays_empty)
{
	struct buf out;

	buf_init(&out, 1);
	assert_int_equal(json_escape(&out, (struct slice){NULL, 0}), 0);
	assert_int_equal(buf_len(&out), 0);
	buf_clear(&out);
}

TEST_MAIN(NULL, NULL)
