/*
 * Ids of events: what is written is read again, and everything else is refused.
 */
#include <bsd/string.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/api/live/live_cursor.h"

#define A "01936b2e-8f00-7a3c-9d41-2f6b1c0e5a77"
#define B "01936b2e-8f00-7a3c-9d41-2f6b1c0e5a78"

static bool
parses(const char *text, struct live_cursor *cursor)
{
	return live_cursor_parse(slice_str(text), cursor);
}

TEST(an_id_is_written_as_it_was_read)
{
	static const char *const ids[] = {
	    A ".0",
	    A ".9007199254740992",
	    A ".7." B,
	    A ".7." B "!",
	    A ".7." B ":0",
	    A ".7." A "." B "!." B ":2147483647",
	    A ".7~0.0",
	    A ".7." B "~3.4294967295",
	};
	char text[LIVE_CURSOR_TEXT];
	struct live_cursor cursor;

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		assert_true(parses(ids[i], &cursor));
		live_cursor_format(&cursor, text);
		assert_string_equal(text, ids[i]);
	}
}

TEST(any_other_text_is_refused)
{
	static const char *const texts[] = {
	    "",
	    "7",
	    A,
	    A ".",
	    A ".x",
	    A ".-1",
	    A ".9007199254740993",
	    A ".99999999999999999999999999",
	    A ".7.",
	    A ".7." B "x",
	    A ".7." B ":",
	    A ".7." B ":2147483648",
	    A ".7" B,
	    A ".7~",
	    A ".7~4.0",
	    A ".7~0.4294967296",
	    A ".7~0.0." B,
	};
	struct live_cursor cursor;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_false(parses(texts[i], &cursor));
}

/* LIVE_CURSOR_ITEMS, or one more. */
static bool
parses_items(size_t n, struct live_cursor *cursor)
{
	char text[LIVE_CURSOR_TEXT + ID_TEXT_LEN + 12] = A ".7";

	for (size_t i = 0; i < n; i++)
		strlcat(text, "." B ":2147483647", sizeof(text));
	return parses(text, cursor);
}

TEST(the_longest_id_fits)
{
	char text[LIVE_CURSOR_TEXT];
	struct live_cursor cursor;

	assert_true(parses_items(LIVE_CURSOR_ITEMS, &cursor));
	cursor.settled = (uint64_t)1 << 53;
	assert_in_range(live_cursor_format(&cursor, text).len, 1, LIVE_CURSOR_TEXT - 1);
	assert_false(parses_items(LIVE_CURSOR_ITEMS + 1, &cursor));
}

TEST_MAIN(NULL, NULL)
