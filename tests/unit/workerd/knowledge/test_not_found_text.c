/*
 * The language of the text for content without an answer.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/knowledge/not_found_text.h"

TEST(the_text_has_the_visitors_language_or_english)
{
	static const struct {
		const char *language, *part;
	} cases[] = {
	    {"de", "Website keine"},
	    {"de-AT", "Website keine"},
	    {"DE", "Website keine"},
	    {"fr-CA", "ce site"},
	    {"deu", "could not find"},
	    {"d", "could not find"},
	    {"", "could not find"},
	    {"xx", "could not find"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_non_null(
		    strstr(not_found_text(slice_str(cases[i].language)), cases[i].part));
}

TEST_MAIN(NULL, NULL)
