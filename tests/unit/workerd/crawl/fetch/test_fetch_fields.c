/*
 * The fields of a site's response that crawld keeps, and sends back.
 */
#include "tests/unit/unit.h"
#include "workerd/crawl/fetch/fetch_fields.h"

static struct fetch_response
take(const char *bytes, size_t n)
{
	struct fetch_response r = {.status = 0};

	fetch_fields_take(
	    &r, (struct slice){(const uint8_t *)bytes, n}, "https://site.example/");
	return r;
}

#define TAKE(line) take(line, sizeof(line) - 1)

TEST(a_validator_is_kept_as_it_came)
{
	assert_string_equal(TAKE("ETag: W/\"a b\"\r\n").etag, "W/\"a b\"");
	assert_string_equal(
	    TAKE("last-modified:\tMon, 01 Jan 2024 00:00:00 GMT \r\n").last_modified,
	    "Mon, 01 Jan 2024 00:00:00 GMT");
}

/* RFC 9110, section 5.5: such a value must be rejected, or its bytes replaced. */
TEST(a_value_with_control_characters_counts_as_none)
{
	assert_string_equal(TAKE("ETag: \"a\rb\"\r\n").etag, "");
	assert_string_equal(TAKE("ETag: \"a\nX-Evil: b\"\r\n").etag, "");
	assert_string_equal(TAKE("ETag: \"a\0b\"\r\n").etag, "");
	assert_string_equal(TAKE("ETag: \"a\x7f"
				 "b\"\r\n")
				.etag,
	    "");
	assert_string_equal(TAKE("ETag: \"\xff\"\r\n").etag, "");
	assert_string_equal(TAKE("Last-Modified: Mon\rX-Evil: b\r\n").last_modified, "");
	assert_string_equal(TAKE("Content-Type: text/html\rX; charset=a\rb\r\n").type, "");
	assert_string_equal(TAKE("Content-Type: text/html; charset=a\rb\r\n").charset, "");
}

TEST(a_value_that_is_too_long_counts_as_none)
{
	char line[FETCH_ETAG_MAX + 64] = "ETag: ";
	size_t name = strlen(line);

	memset(line + name, 'e', FETCH_ETAG_MAX + 1);
	assert_int_equal(strlen(take(line, name + FETCH_ETAG_MAX).etag), FETCH_ETAG_MAX);
	assert_string_equal(take(line, name + FETCH_ETAG_MAX + 1).etag, "");
	assert_int_equal(TAKE("Retry-After: 00000000120\r\n").retry_after_s, 120);
	assert_int_equal(TAKE("Retry-After: 000000000120\r\n").retry_after_s, 0);
}

TEST_MAIN(NULL, NULL)
