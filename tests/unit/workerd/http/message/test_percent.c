/*
 * Percent-encoding: what is decoded is what was encoded, and no byte of it means anything in a query.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/http/message/percent.h"

TEST(only_unreserved_characters_stand_for_themselves)
{
	char out[64];

	assert_true(percent_encode(slice_str("/a-Z_9.~?b=c d&%41\xc3\xa9"), out, sizeof(out)));
	assert_string_equal(out, "%2Fa-Z_9.~%3Fb%3Dc%20d%26%2541%C3%A9");
	assert_true(percent_encode((struct slice){0}, out, sizeof(out)));
	assert_string_equal(out, "");
}

TEST(decoding_gives_back_every_text)
{
	char text[128], encoded[3 * 128 + 1];
	uint8_t decoded[128];
	size_t len;

	for (int c = 0x20; c < 0x7f; c++)
		text[c - 0x20] = (char)c;
	text[0x7f - 0x20] = '\0';
	assert_true(percent_encode(slice_str(text), encoded, sizeof(encoded)));
	assert_true(percent_decode(slice_str(encoded), decoded, sizeof(decoded), &len));
	assert_int_equal(len, strlen(text));
	assert_memory_equal(decoded, text, len);
}

TEST(a_result_that_is_too_long_is_refused)
{
	char out[8];

	assert_true(percent_encode(slice_str("//"), out, sizeof(out)));
	assert_false(percent_encode(slice_str("///"), out, sizeof(out)));
	assert_false(percent_encode(slice_str("12345678"), out, sizeof(out)));
}

TEST_MAIN(NULL, NULL)
