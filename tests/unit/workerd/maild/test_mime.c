/*
 * Headers and texts of mails: what others read in them is what was meant, and nothing in a name becomes a header.
 */
#include "workerd/maild/mime.h"

#include "tests/unit/unit.h"

#define OUT_MAX 65536

static void
expect_text(const char *text, const char *expected)
{
	struct buf out;

	buf_init(&out, OUT_MAX);
	assert_int_equal(mime_add_text(&out, "Subject", slice_str(text)), 0);
	assert_int_equal(buf_len(&out), strlen(expected));
	assert_memory_equal(buf_data(&out), expected, strlen(expected));
	buf_clear(&out);
}

static void
expect_body(const char *text, const char *expected)
{
	struct buf out;

	buf_init(&out, OUT_MAX);
	assert_int_equal(mime_add_body(&out, slice_str(text)), 0);
	assert_int_equal(buf_append(&out, (const uint8_t *)"", 1), 0);
	assert_string_equal((const char *)buf_data(&out), expected);
	buf_clear(&out);
}

TEST(a_short_line_of_ascii_is_written_as_it_is)
{
	expect_text("Invitation to Acme", "Subject: Invitation to Acme\r\n");
}

TEST(other_texts_become_encoded_words_of_whole_characters)
{
	expect_text("Grüße", "Subject: =?UTF-8?B?R3LDvMOfZQ==?=\r\n");
	expect_text("=?UTF-8?B?QQ==?=", "Subject: =?UTF-8?B?PT9VVEYtOD9CP1FRPT0/PQ==?=\r\n");
	expect_text(" x", "Subject: =?UTF-8?B?IHg=?=\r\n");
	/* 39 bytes, which fit behind the name, would end within the 13th character. */
	expect_text("a"
		    "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
		    "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
		    "\xe2\x82\xac\xe2\x82\xac"
		    "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
		    "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
		    "\xe2\x82\xac\xe2\x82\xac",
	    "Subject: =?UTF-8?B?YeKCrOKCrOKCrOKCrOKCrOKCrOKCrOKCrOKCrOKCrOKCrOKCrA==?=\r\n"
	    " =?UTF-8?B?4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs?=\r\n"
	    " =?UTF-8?B?4oKs?=\r\n");
}

TEST(control_characters_and_invalid_text_are_refused)
{
	static const struct slice refused[] = {
	    {(const uint8_t *)"a\r\nBcc: b", 9},
	    {(const uint8_t *)"a\nb", 3},
	    {(const uint8_t *)"a\rb", 3},
	    {(const uint8_t *)"a\0b", 3},
	    {(const uint8_t *)"a\tb", 3},
	    {(const uint8_t *)"a\x7f", 2},
	    {(const uint8_t *)"a\xff", 2},
	};
	struct buf out;

	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		buf_init(&out, OUT_MAX);
		assert_int_equal(mime_add_text(&out, "Subject", refused[i]), -1);
		assert_int_equal(
		    mime_add_address(&out, "From", refused[i], slice_str("a@b.example")), -1);
		assert_int_equal(
		    mime_add_address(&out, "To", (struct slice){0}, refused[i]), -1);
		buf_clear(&out);
	}
}

TEST(a_name_is_quoted_so_that_it_ends_where_it_should)
{
	static const char expected[] =
	    "From: \"Acme \\\"x\\\\\\\" <a@b>, c\"\r\n <d@e.example>\r\n";
	struct buf out;

	buf_init(&out, OUT_MAX);
	assert_int_equal(mime_add_address(&out, "From", slice_str("Acme \"x\\\" <a@b>, c"),
			     slice_str("d@e.example")),
	    0);
	assert_int_equal(buf_len(&out), strlen(expected));
	assert_memory_equal(buf_data(&out), expected, strlen(expected));
	buf_clear(&out);
}

TEST(a_text_is_quoted_printable_in_lines_of_at_most_76_characters)
{
	expect_body("", "");
	expect_body("a=b\nü", "a=3Db\r\n=C3=BC\r\n");
	expect_body("a\r\nb\n", "a\r\nb\r\n");
	expect_body("space \nand tab\t\n", "space=20\r\nand tab=09\r\n");
	expect_body("\n\n", "\r\n\r\n");
	expect_body(
	    "0123456789012345678901234567890123456789012345678901234567890123456789012345",
	    "012345678901234567890123456789012345678901234567890123456789012345678901234="
	    "\r\n5\r\n");
}

TEST_MAIN(NULL, NULL)
