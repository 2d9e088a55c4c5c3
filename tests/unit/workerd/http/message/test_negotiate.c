/*
 * Content negotiation: codings, media types, and entity tags.
 */
#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/http/message/negotiate.h"

/* A header's value; NULL: there is none. */
static struct slice
value_of(const char *text)
{
	return text == NULL ? (struct slice){0} : slice_str(text);
}

TEST(the_higher_weight_wins_then_br_before_gzip_before_identity)
{
	enum { I = 1 << CODING_IDENTITY, G = 1 << CODING_GZIP, B = 1 << CODING_BR };
	static const struct {
		const char *accept;
		unsigned available;
		enum http_coding choice;
	} cases[] = {
	    {NULL, I | G | B, CODING_IDENTITY},
	    {"", I | G | B, CODING_IDENTITY},
	    {"gzip, deflate, br", I | G | B, CODING_BR},
	    {"gzip, deflate, br", I | G, CODING_GZIP},
	    {"gzip, deflate, br", I, CODING_IDENTITY},
	    {"gzip, deflate, br", 0, CODING_IDENTITY},
	    {"gzip", I | G | B, CODING_GZIP},
	    {"GZIP", I | G | B, CODING_GZIP},
	    {"x-gzip", I | G | B, CODING_GZIP},
	    {"deflate", I | G | B, CODING_IDENTITY},
	    {"gzip;q=1.0, br;q=0.5", I | G | B, CODING_GZIP},
	    {"gzip;q=0.5, br;q=0.501", I | G | B, CODING_BR},
	    {"gzip ; q=0.9 , br ; Q=0.8", I | G | B, CODING_GZIP},
	    {"gzip;q=0.1", I | G | B, CODING_GZIP},
	    {"gzip;q=0", I | G | B, CODING_IDENTITY},
	    {"gzip;q=0.000, br;q=0", I | G | B, CODING_IDENTITY},
	    {"identity, gzip;q=0.5", I | G | B, CODING_IDENTITY},
	    {"identity, gzip", I | G | B, CODING_GZIP},
	    {"*", I | G | B, CODING_BR},
	    {"*;q=0.3, gzip", I | G | B, CODING_GZIP},
	    {"br;q=0, *", I | G | B, CODING_GZIP},
	    {"*;q=0", I | G | B, CODING_IDENTITY},
	    {"gzip;q=1.1", I | G | B, CODING_IDENTITY},
	    {"gzip;q=2", I | G | B, CODING_IDENTITY},
	    {"gzip;q=0.1234", I | G | B, CODING_IDENTITY},
	    {"gzip;q=", I | G | B, CODING_IDENTITY},
	    {"gzip;q=a", I | G | B, CODING_IDENTITY},
	    {"gzip;q=0,5", I | G | B, CODING_IDENTITY},
	    {"gzip;x=1", I | G | B, CODING_IDENTITY},
	    {"gzip;", I | G | B, CODING_IDENTITY},
	    {",,gzip,,", I | G | B, CODING_GZIP},
	    {";", I | G | B, CODING_IDENTITY},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (negotiate_coding(value_of(cases[i].accept), cases[i].available) !=
		    cases[i].choice)
			fail_msg("Accept-Encoding: %s", cases[i].accept);
}

TEST(a_media_type_is_preferred_when_named_with_a_higher_weight)
{
	static const struct {
		const char *accept;
		bool preferred;
	} cases[] = {
	    {NULL, false},
	    {"", false},
	    {"*/*", false},
	    {"text/*", false},
	    {"application/json", false},
	    {"text/event-stream", true},
	    {"Text/Event-Stream", true},
	    {"text/event-streams", false},
	    {"text/event-stream, */*", true},
	    {"*/*, text/event-stream;q=0.1", true},
	    {"text/event-stream;q=0", false},
	    {"text/event-stream;q=0.000", false},
	    {"text/event-stream; charset=utf-8", true},
	    {"text/event-stream ; charset=utf-8 ; Q=0.0", false},
	    {"text/event-stream;q=1.1", false},
	    {"text/event-stream;q", true},
	    {"text/event-stream;", true},
	    {";text/event-stream", false},
	    {"application/x-ndjson, text/event-stream", false},
	    {"text/event-stream, application/x-ndjson", false},
	    {"application/x-ndjson;q=0.5, text/event-stream", true},
	    {"application/x-ndjson;q=0.5, text/event-stream;q=0.4", false},
	    {"application/x-ndjson;q=0, text/event-stream;q=0.4", true},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (negotiate_prefers_type(value_of(cases[i].accept), "text/event-stream",
			"application/x-ndjson") != cases[i].preferred)
			fail_msg("Accept: %s", cases[i].accept);
}

TEST(a_tag_is_found_in_lists_weak_or_strong)
{
	static const struct {
		const char *list;
		bool found;
	} cases[] = {
	    {"\"a1\"", true},
	    {"W/\"a1\"", true},
	    {"*", true},
	    {" * ", true},
	    {"\"b\", \"a1\"", true},
	    {"W/\"b\" , W/\"a1\"", true},
	    {"\"b\",\"c\",,\"a1\",\"d\"", true},
	    {"\"x,y\", \"a1\"", true},
	    {"\"\", \"a1\"", true},
	    {"\"a1\", garbage", true},
	    {"", false},
	    {"\"b\"", false},
	    {"\"a\"", false},
	    {"\"a11\"", false},
	    {"\"A1\"", false},
	    {"a1", false},
	    {"\"a1", false},
	    {"w/\"a1\"", false},
	    {"W/", false},
	    {"garbage, \"a1\"", false},
	    {"\"x, \"a1\"", false},
	    {"*, \"b\"", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (negotiate_etag_matches(slice_str(cases[i].list), slice_str("\"a1\"")) !=
		    cases[i].found)
			fail_msg("If-None-Match: %s", cases[i].list);
}

TEST_MAIN(NULL, NULL)
