/*
 * The text of a message that is HTML.
 */
#include "storaged/cli/foreign/html_text.h"
#include "tests/unit/unit.h"

/* A picture and a link whose address has so many bytes, and text around them. */
static void
check_addresses(size_t bytes, bool kept)
{
	struct buf html, address, text, expected;

	buf_init(&html, 4 * bytes);
	buf_init(&address, bytes);
	buf_init(&text, 8 * bytes);
	buf_init(&expected, 4 * bytes);
	assert_int_equal(buf_append_str(&address, "https://a.example/"), 0);
	while (buf_len(&address) < bytes)
		assert_int_equal(buf_append_str(&address, "x"), 0);
	assert_int_equal(
	    buf_printf(&html,
		"<p>one <img src=\"%.*s\"> two <a href=\"%.*s\">three</a> four</p>", (int)bytes,
		(const char *)buf_data(&address), (int)bytes, (const char *)buf_data(&address)),
	    0);
	assert_int_equal(html_text_append(&text, buf_slice(&html)), 0);
	if (kept)
		assert_int_equal(buf_printf(&expected, "one (%.*s) two three (%.*s) four",
				     (int)bytes, (const char *)buf_data(&address), (int)bytes,
				     (const char *)buf_data(&address)),
		    0);
	else
		assert_int_equal(buf_append_str(&expected, "one two three four"), 0);
	assert_true(slice_eq(buf_slice(&text), buf_slice(&expected)));
	buf_clear(&html);
	buf_clear(&address);
	buf_clear(&text);
	buf_clear(&expected);
}

TEST(an_address_that_is_too_long_is_left_out)
{
	check_addresses(100, true);
	check_addresses(4096, true);
	check_addresses(4097, false);
	check_addresses(9000, false);
}

TEST_MAIN(NULL, NULL)
