/*
 * A key is removed from a text wherever it is, also where the text is truncated.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/model/redact.h"

#define KEY     "sk-1"
#define SEVERAL KEY, NULL, "sk-12", "", "2-end", "other"

TEST(every_occurrence_is_replaced)
{
	static const struct {
		const char *secrets[6], *text, *want;
	} cases[] = {
	    {{KEY}, "", ""},
	    {{KEY}, "nothing in here", "nothing in here"},
	    {{KEY}, KEY, "[key]"},
	    {{KEY}, "wrong key: " KEY ".", "wrong key: [key]."},
	    {{KEY}, KEY KEY " " KEY, "[key][key] [key]"},
	    {{KEY}, "sk-", "sk-"},
	    {{KEY}, "sk-sk-1", "sk-[key]"},
	    {{"a\"b\\c\xc3\xa9"}, "<a\"b\\c\xc3\xa9>", "<[key]>"},
	    {{NULL}, KEY, KEY},
	    {{""}, KEY, KEY},
	    /* Secrets that begin or end as another does. */
	    {{SEVERAL}, "sk-1 other sk-12", "[key] [key] [key]"},
	    {{SEVERAL}, "sk-1other", "[key][key]"},
	    {{SEVERAL}, "<sk-12-end>", "<[key]>"},
	    {{SEVERAL}, "sk-othe", "sk-othe"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char out[64];

		redact(slice_str(cases[i].text), cases[i].secrets, ARRAY_LEN(cases[i].secrets),
		    out, sizeof(out));
		assert_string_equal(out, cases[i].want);
	}
}

/* Never a piece of the key, and never beyond the buffer. */
TEST(a_truncated_text_has_no_part_of_a_key)
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

TEST_MAIN(NULL, NULL)
