/*
 * Content negotiation: codings, media types, and entity tags.
 */
#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/http/message/negotiate.h"

TEST(the_higher_weight_wins_then_br_before_gzip_before_identity)
{
	static const char *const accepts[CODINGS][18] = {
	    [CODING_IDENTITY] = {"", "deflate", "gzip;q=0", "gzip;q=0.000, br;q=0",
		"identity, gzip;q=0.5", "*;q=0", "gzip;q=1.1", "gzip;q=2", "gzip;q=0.1234",
		"gzip;q=", "gzip;q=a", "gzip;q=0,5", "gzip;x=1", "gzip;", ";"},
	    [CODING_GZIP] = {"gzip", "GZIP", "x-gzip", "gzip;q=1.0, br;q=0.5",
		"gzip ; q=0.9 , br ; Q=0.8", "gzip;q=0.1", "identity, gzip", "*;q=0.3, gzip",
		"br;q=0, *", ",,gzip,,"},
	    [CODING_BR] = {"gzip, deflate, br", "gzip;q=0.5, br;q=0.501", "*"},
	};
	static const unsigned available[] = {0, 1 << CODING_IDENTITY,
	    1 << CODING_IDENTITY | 1 << CODING_GZIP, (1 << CODINGS) - 1};
	static const enum http_coding best[] = {
	    CODING_IDENTITY, CODING_IDENTITY, CODING_GZIP, CODING_BR};

	for (size_t coding = 0; coding < CODINGS; coding++)
		for (const char *const *accept = accepts[coding]; *accept != NULL; accept++)
			if (negotiate_coding(slice_str(*accept), (1 << CODINGS) - 1) != coding)
				fail_msg("Accept-Encoding: %s", *accept);
	assert_int_equal(
	    negotiate_coding((struct slice){0}, (1 << CODINGS) - 1), CODING_IDENTITY);
	for (size_t i = 0; i < ARRAY_LEN(available); i++)
		assert_int_equal(
		    negotiate_coding(slice_str("gzip, deflate, br"), available[i]), best[i]);
}

static bool
prefers_events(struct slice accept)
{
	return negotiate_prefers_type(accept, "text/event-stream", "application/x-ndjson");
}

TEST(a_media_type_is_preferred_when_named_with_a_higher_weight)
{
	static const char *const preferred[] = {"text/event-stream", "Text/Event-Stream",
	    "text/event-stream, */*", "*/*, text/event-stream;q=0.1",
	    "text/event-stream; charset=utf-8", "text/event-stream;q", "text/event-stream;",
	    "application/x-ndjson;q=0.5, text/event-stream",
	    "application/x-ndjson;q=0, text/event-stream;q=0.4"};
	static const char *const others[] = {"", "*/*", "text/*", "application/json",
	    "text/event-streams", "text/event-stream;q=0", "text/event-stream;q=0.000",
	    "text/event-stream ; charset=utf-8 ; Q=0.0", "text/event-stream;q=1.1",
	    ";text/event-stream", "application/x-ndjson, text/event-stream",
	    "text/event-stream, application/x-ndjson",
	    "application/x-ndjson;q=0.5, text/event-stream;q=0.4"};

	for (size_t i = 0; i < ARRAY_LEN(preferred); i++)
		if (!prefers_events(slice_str(preferred[i])))
			fail_msg("Accept: %s", preferred[i]);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (prefers_events(slice_str(others[i])))
			fail_msg("Accept: %s", others[i]);
	assert_false(prefers_events((struct slice){0}));
}

TEST(a_tag_is_found_in_lists_weak_or_strong)
{
	static const char *const with[] = {"\"a1\"", "W/\"a1\"", "*", " * ", "\"b\", \"a1\"",
	    "W/\"b\" , W/\"a1\"", "\"b\",\"c\",,\"a1\",\"d\"", "\"x,y\", \"a1\"",
	    "\"\", \"a1\"", "\"a1\", garbage"};
	static const char *const without[] = {"", "\"b\"", "\"a\"", "\"a11\"", "\"A1\"", "a1",
	    "\"a1", "w/\"a1\"", "W/", "garbage, \"a1\"", "\"x, \"a1\"", "*, \"b\""};

	for (size_t i = 0; i < ARRAY_LEN(with); i++)
		if (!negotiate_etag_matches(slice_str(with[i]), slice_str("\"a1\"")))
			fail_msg("If-None-Match: %s", with[i]);
	for (size_t i = 0; i < ARRAY_LEN(without); i++)
		if (negotiate_etag_matches(slice_str(without[i]), slice_str("\"a1\"")))
			fail_msg("If-None-Match: %s", without[i]);
}

TEST_MAIN(NULL, NULL)
