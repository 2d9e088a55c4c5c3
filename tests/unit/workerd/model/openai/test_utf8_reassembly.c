/*
 * Text in pieces: the same characters come out wherever it was cut, and only characters.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "tests/unit/unit.h"
#include "workerd/model/openai/utf8_reassembly.h"

#define FFFD "\xef\xbf\xbd"

static const struct {
	const char *in, *out;
} cases[] = {
    {"", ""},
    {"plain", "plain"},
    {"a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z", "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z"},
    /* U+1F600, as two surrogates */
    {"a\xed\xa0\xbd\xed\xb8\x80z", "a\xf0\x9f\x98\x80z"},
    /* the first and the last that a pair can make */
    {"\xed\xa0\x80\xed\xb0\x80", "\xf0\x90\x80\x80"},
    {"\xed\xaf\xbf\xed\xbf\xbf", "\xf4\x8f\xbf\xbf"},
    {"\xed\xa0\xbd!", FFFD "!"},
    {"\xed\xb8\x80!", FFFD "!"},
    {"\xed\xb8\x80\xed\xa0\xbd!", FFFD FFFD "!"},
    {"\xed\xa0\xbd\xed\xa0\xbd\xed\xb8\x80", FFFD "\xf0\x9f\x98\x80"},
    {"\xed\xa0\xbd\xed\xb8\x80\xed\xb8\x80!", "\xf0\x9f\x98\x80" FFFD "!"},
    /* a high one, and what only begins like a low one */
    {"\xed\xa0\xbd\xed\x9f\xbf", FFFD "\xed\x9f\xbf"},
    {"\xed\xa0\xbd\xed\xb8!", FFFD FFFD FFFD "!"},
    {"\xed\xa0\xbd\xed!", FFFD FFFD "!"},
    {"\xed\xa0!", FFFD FFFD "!"},
    {"\xed!", FFFD "!"},
    {"\xf0\x9f\x98!", FFFD "!"},
    {"\xf0\x9f\xed\xa0\xbd\xed\xb8\x80", FFFD "\xf0\x9f\x98\x80"},
    {"\xff\x80\xc0\xaf", FFFD FFFD FFFD FFFD},
    /* at the end one stands for all that waited */
    {"a\xc3", "a" FFFD},
    {"a\xf0\x9f\x98", "a" FFFD},
    {"a\xed\xa0\xbd", "a" FFFD},
    {"a\xed\xa0\xbd\xed\xb8", "a" FFFD},
    {"a\xed\xb8\x80", "a" FFFD},
};

/* Adds a copy of exact size, so that a sanitizer sees a read past it; what comes is whole. */
static void
add(struct utf8_reassembly *j, struct buf *out, const char *p, size_t len)
{
	uint8_t *copy = malloc(len + (len == 0));
	struct buf piece;

	assert_non_null(copy);
	memcpy(copy, p, len);
	buf_init(&piece, UTF8_REASSEMBLY_ROOM(len));
	assert_int_equal(utf8_reassembly_add(j, &piece, (struct slice){copy, len}), 0);
	assert_true(utf8_valid(buf_slice(&piece)));
	assert_int_equal(buf_append(out, buf_data(&piece), buf_len(&piece)), 0);
	buf_clear(&piece);
	free(copy);
}

static void
end(struct utf8_reassembly *j, struct buf *out)
{
	struct slice rest = utf8_reassembly_end(j);

	assert_int_equal(buf_append(out, rest.p, rest.len), 0);
	assert_int_equal(utf8_reassembly_end(j).len, 0);
}

TEST(text_is_the_same_at_every_two_cuts)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *in = cases[i].in;
		size_t len = strlen(in);

		for (size_t a = 0; a <= len; a++)
			for (size_t b = a; b <= len; b++) {
				struct utf8_reassembly j = {.len = 0};
				struct buf out;

				buf_init(&out, 256);
				add(&j, &out, in, a);
				add(&j, &out, in + a, b - a);
				add(&j, &out, in + b, len - b);
				end(&j, &out);
				if (!slice_eq_str(buf_slice(&out), cases[i].out))
					fail_msg("case %zu, cut at %zu and %zu", i, a, b);
				buf_clear(&out);
			}
	}
}

TEST(text_is_the_same_byte_by_byte)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct utf8_reassembly j = {.len = 0};
		struct buf out;

		buf_init(&out, 256);
		for (const char *c = cases[i].in; *c != '\0'; c++)
			add(&j, &out, c, 1);
		end(&j, &out);
		if (!slice_eq_str(buf_slice(&out), cases[i].out))
			fail_msg("case %zu", i);
		buf_clear(&out);
	}
}

/* What is decided is not held back: a reader waits for characters, not for pieces. */
TEST(only_what_is_undecided_waits)
{
	struct utf8_reassembly j = {.len = 0};
	struct buf out;

	buf_init(&out, 256);
	add(&j, &out, "ab\xc3\xa4", 4);
	assert_int_equal(buf_len(&out), 4);
	add(&j, &out, "c\xed\x9f", 3);
	assert_int_equal(buf_len(&out), 5);
	add(&j, &out, "\xbf", 1);
	assert_int_equal(buf_len(&out), 8);
	add(&j, &out, "\xed\xb8\x80", 3);
	assert_true(slice_eq_str(buf_slice(&out),
	    "ab\xc3\xa4"
	    "c\xed\x9f\xbf" FFFD));
	buf_clear(&out);
}

TEST(too_little_room_is_said)
{
	struct utf8_reassembly j = {.len = 0};
	struct buf out;

	buf_init(&out, 4);
	assert_int_equal(utf8_reassembly_add(&j, &out, slice_str("a\xff\xff")), -1);
	buf_clear(&out);
	assert_int_equal(utf8_reassembly_add(&j, &out, slice_str("abcde")), -1);
	assert_int_equal(
	    utf8_reassembly_add(&j, &out, slice_str("a\xed\xb8\x80\xed\xb8\x80")), -1);
	buf_clear(&out);
}

TEST_MAIN(NULL, NULL)
