/*
 * The key is taken out of a text wherever it stands, also where the text is cut.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/model/redact.h"

#define KEY "sk-1"

TEST(every_occurrence_is_replaced)
{
	static const struct {
		const char *secret, *text, *want;
	} cases[] = {
	    {KEY, "", ""},
	    {KEY, "nothing in here", "nothing in here"},
	    {KEY, KEY, "[key]"},
	    {KEY, "wrong key: " KEY ".", "wrong key: [key]."},
	    {KEY, KEY KEY " " KEY, "[key][key] [key]"},
	    {KEY, "sk-", "sk-"},
	    {KEY, "sk-sk-1", "sk-[key]"},
	    {"a\"b\\c\xc3\xa9", "<a\"b\\c\xc3\xa9>", "<[key]>"},
	    {NULL, KEY, KEY},
	    {"", KEY, KEY},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char out[64];

		redact(slice_str(cases[i].text), &cases[i].secret, 1, out, sizeof(out));
		assert_string_equal(out, cases[i].want);
	}
}

/* However short the space, never a piece of the key, and never beyond its end. */
TEST(no_cut_shows_a_piece_of_it)
{
	static const char text[] = "one " KEY " two " KEY;
	static const char want[] = "one [key] two [key]";

	for (size_t size = 1; size <= sizeof(want) + 4; size++) {
		char out[sizeof(want) + 8];

		memset(out, '#', sizeof(out));
		redact(slice_str(text), (const char *const[]){KEY}, 1, out, size);
		assert_true(strlen(out) < size);
		assert_int_equal(strncmp(out, want, strlen(out)), 0);
		assert_true(strlen(out) == size - 1 || strcmp(out, want) == 0);
		assert_int_equal(out[size], '#');
	}
}

/* Of several secrets none leaves a piece, one that begins or ends as another does included. */
TEST(all_of_several_are_replaced)
{
	static const char *const secrets[] = {"sk-1", NULL, "sk-12", "", "2-end", "other"};
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"sk-1 other sk-12", "[key] [key] [key]"},
	    {"sk-1other", "[key][key]"},
	    {"<sk-12-end>", "<[key]>"},
	    {"sk-othe", "sk-othe"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char out[64];

		redact(slice_str(cases[i].text), secrets, ARRAY_LEN(secrets), out, sizeof(out));
		assert_string_equal(out, cases[i].want);
	}
}

TEST_MAIN(NULL, NULL)
