/*
 * E-mail syntax: valid and invalid addresses.
 */
#include "proto/base/email.h"
#include "tests/unit/unit.h"

TEST(valid_addresses)
{
	static const char *const emails[] = {"a@b", "jane@example.com",
	    "JANE.Doe+tag@Example.COM", "o'neill@sub.example.co.uk", "_@1.2", "root@localhost",
	    "j\xc3\xbcrgen@m\xc3\xbcller.de",
	    "\xe7\x94\xa8\xe6\x88\xb7@\xe4\xbe\x8b\xe5\xad\x90.\xe4\xb8\xad\xe5\x9b\xbd",
	    "x@xn--mller-kva.de", "a!#$%&'*/=?^`{|}~-@b-c.de"};

	for (size_t i = 0; i < ARRAY_LEN(emails); i++)
		if (!email_valid(slice_str(emails[i])))
			fail_msg("refused: %s", emails[i]);
}

TEST(invalid_addresses)
{
	static const char *const texts[] = {"", "@", "a", "a@", "@b", "a@b@c", "a b@c", " a@b",
	    "a@b ", "a@b\n", "a..b@c", ".a@b", "a.@b", "a@.b", "a@b.", "a@b..c", "a@-b", "a@b-",
	    "a@b_c", "<a@b>", "a@[127.0.0.1]", "\"a\"@b", "a(c)@b", "a,b@c", "a;b@c", "a:b@c",
	    "a\\@b", "a\x01@b", "a\x7f@b", "a@b\xff", "a\xc2\xa0@b", "a\xc2\x85@b",
	    "a\xe2\x80\x8b@b", "a\xe2\x80\xae@b", "a\xe2\x81\xa0@b", "a\xe3\x80\x80@b",
	    "a@b\xef\xbb\xbf"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (email_valid(slice_str(texts[i])))
			fail_msg("taken: %s", texts[i]);
}

TEST(lengths_are_bounded)
{
	uint8_t text[EMAIL_TEXT_MAX + 1];

	memset(text, 'a', sizeof(text));
	text[EMAIL_LOCAL_MAX] = '@';
	assert_true(email_valid((struct slice){text, EMAIL_TEXT_MAX}));
	assert_false(email_valid((struct slice){text, EMAIL_TEXT_MAX + 1}));
	text[EMAIL_LOCAL_MAX] = 'a';
	text[EMAIL_LOCAL_MAX + 1] = '@';
	assert_false(email_valid((struct slice){text, EMAIL_TEXT_MAX}));
}

TEST(the_case_of_ascii_letters_is_ignored)
{
	uint8_t out[EMAIL_TEXT_MAX];

	assert_true(email_same(slice_str("Jane@Example.COM"), slice_str("jANE@example.com")));
	assert_false(email_same(slice_str("jane@example.com"), slice_str("jane@example.co")));
	assert_false(email_same(slice_str("[@b"), slice_str("{@b")));
	assert_false(email_same(slice_str("\xc3\x84@b"), slice_str("\xc3\xa4@b")));
	assert_true(
	    slice_eq_str(email_lower(slice_str("Jane@Example.COM"), out), "jane@example.com"));
}

TEST_MAIN(NULL, NULL)
