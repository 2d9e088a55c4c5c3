/*
 * Mending JSON: jansson takes what is mended, nothing is lost by it, and nothing else is changed.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/model/openai/json_repair.h"

/* Mends a string's inside and reads it back by jansson; NULL: jansson refuses it. */
static char *
through(const char *inside)
{
	struct buf text, mended, undone;
	char *result = NULL;
	json_t *string;

	buf_init(&text, 256);
	buf_init(&mended, 768);
	buf_init(&undone, 768);
	assert_int_equal(buf_printf(&text, "\"%s\"", inside), 0);
	assert_int_equal(json_repair(&mended, buf_slice(&text)), 0);
	assert_true(buf_len(&mended) <= 3 * buf_len(&text));
	string = json_loadb(
	    (const char *)buf_data(&mended), buf_len(&mended), JSON_DECODE_ANY, NULL);
	if (string != NULL) {
		struct slice s = {
		    (const uint8_t *)json_string_value(string), json_string_length(string)};

		assert_int_equal(json_repair_undo(&undone, s), 0);
		assert_true(buf_len(&undone) <= s.len);
		result = strndup((const char *)buf_data(&undone), buf_len(&undone));
		assert_non_null(result);
	}
	json_decref(string);
	buf_clear(&text);
	buf_clear(&mended);
	buf_clear(&undone);
	return result;
}

TEST(what_a_string_held_comes_back)
{
	static const struct {
		const char *inside, *held;
	} cases[] = {
	    {"", ""},
	    {"plain \xc3\xa4 \xf0\x9f\x98\x80", "plain \xc3\xa4 \xf0\x9f\x98\x80"},
	    {"\x7f\\u007f\\u007F\x7f", "\x7f\x7f\x7f\x7f"},
	    {"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"},
	    {"\\u00e4\\uD83D\\uDE00", "\xc3\xa4\xf0\x9f\x98\x80"},
	    {"\x80\xbf\xc0\xff", "\x80\xbf\xc0\xff"},
	    {"\xed\xa0\xbd", "\xed\xa0\xbd"},
	    {"\\ud83d", "\xed\xa0\xbd"},
	    {"\\udfff", "\xed\xbf\xbf"},
	    {"\\ud83d\\ud83d\\ude00", "\xed\xa0\xbd\xf0\x9f\x98\x80"},
	    {"\\ud83d\\n", "\xed\xa0\xbd\n"},
	    {"\\ud83d\\u007f", "\xed\xa0\xbd\x7f"},
	    {"\\\\ud83d", "\\ud83d"},
	    {"\xf0\x9f\\ude00", "\xf0\x9f\xed\xb8\x80"},
	    /* faults that are no matter of characters stay faults */
	    {"\\", NULL},
	    {"\\u12", NULL},
	    {"\\ud83", NULL},
	    {"\\x", NULL},
	    {"\\\x7f", NULL},
	    {"\\\xc3\xa4", NULL},
	    {"\\\xff", NULL},
	    {"\n", NULL},
	    {"\"", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *got = through(cases[i].inside);

		if ((got == NULL) != (cases[i].held == NULL) ||
		    (got != NULL && strcmp(got, cases[i].held) != 0))
			fail_msg("case %zu: %s", i, got == NULL ? "refused" : got);
		free(got);
	}
}

TEST(bad_bytes_outside_of_strings_are_refused)
{
	static const char *const cases[] = {
	    "\xff[]", "[\xff]", "[]\xff", "[]\x7f", "[1\xc3,2]", "{\"a\"\xff:1}", "[\\ud83d]"};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf mended;

		buf_init(&mended, 256);
		assert_int_equal(json_repair(&mended, slice_str(cases[i])), 0);
		assert_null(json_loadb(
		    (const char *)buf_data(&mended), buf_len(&mended), JSON_DECODE_ANY, NULL));
		buf_clear(&mended);
	}
}

/* A string that json_repair() did not write has no meaning here, but must do no harm. */
TEST(undoing_stays_within_the_string)
{
	static const char *const cases[] = {"\x7f", "\x7f\x7f", "a\x7f", "\x7f\xc3", "\x7f zz"};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len = strlen(cases[i]);
		uint8_t *exact = malloc(len);
		struct buf out;

		assert_non_null(exact);
		memcpy(exact, cases[i], len);
		buf_init(&out, len);
		assert_int_equal(json_repair_undo(&out, (struct slice){exact, len}), 0);
		buf_clear(&out);
		free(exact);
	}
}

TEST(too_little_room_is_said)
{
	static const char *const cases[] = {
	    "abc", "\xff", "\x7f", "\\n", "\\u007f", "\\ud83d", "\\ud83d\\ude00", "\\u0041"};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice text = slice_str(cases[i]);
		struct buf whole, out;
		size_t needed;

		buf_init(&whole, 3 * text.len);
		assert_int_equal(json_repair(&whole, text), 0);
		needed = buf_len(&whole);
		for (size_t room = 0; room < needed; room++) {
			buf_init(&out, room);
			assert_int_equal(json_repair(&out, text), -1);
			buf_clear(&out);
		}
		buf_init(&out, 0);
		assert_int_equal(json_repair_undo(&out, buf_slice(&whole)), -1);
		buf_clear(&out);
		buf_clear(&whole);
	}
}

TEST_MAIN(NULL, NULL)
