/*
 * E-mail syntax: valid and invalid addresses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/email.h"

static void
valid_addresses(void **unused)
{
	static const char *const emails[] = {"a@b", "jane@example.com",
	    "JANE.Doe+tag@Example.COM", "o'neill@sub.example.co.uk", "_@1.2", "root@localhost",
	    "j\xc3\xbcrgen@m\xc3\xbcller.de",
	    "\xe7\x94\xa8\xe6\x88\xb7@\xe4\xbe\x8b\xe5\xad\x90.\xe4\xb8\xad\xe5\x9b\xbd",
	    "x@xn--mller-kva.de", "a!#$%&'*/=?^`{|}~-@b-c.de"};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(emails); i++)
		if (!email_valid(slice_str(emails[i])))
			fail_msg("refused: %s", emails[i]);
}

static void
invalid_addresses(void **unused)
{
	static const char *const texts[] = {"", "@", "a", "a@", "@b", "a@b@c", "a b@c", " a@b",
	    "a@b ", "a@b\n", "a..b@c", ".a@b", "a.@b", "a@.b", "a@b.", "a@b..c", "a@-b", "a@b-",
	    "a@b_c", "<a@b>", "a@[127.0.0.1]", "\"a\"@b", "a(c)@b", "a,b@c", "a;b@c", "a:b@c",
	    "a\\@b", "a\x01@b", "a\x7f@b", "a@b\xff", "a\xc2\xa0@b", "a\xc2\x85@b",
	    "a\xe2\x80\x8b@b", "a\xe2\x80\xae@b", "a\xe2\x81\xa0@b", "a\xe3\x80\x80@b",
	    "a@b\xef\xbb\xbf"};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (email_valid(slice_str(texts[i])))
			fail_msg("taken: %s", texts[i]);
}

static void
lengths_are_bounded(void **unused)
{
	uint8_t text[EMAIL_TEXT_MAX + 1];

	(void)unused;
	memset(text, 'a', sizeof(text));
	text[EMAIL_LOCAL_MAX] = '@';
	assert_true(email_valid((struct slice){text, EMAIL_TEXT_MAX}));
	assert_false(email_valid((struct slice){text, EMAIL_TEXT_MAX + 1}));
	text[EMAIL_LOCAL_MAX] = 'a';
	text[EMAIL_LOCAL_MAX + 1] = '@';
	assert_false(email_valid((struct slice){text, EMAIL_TEXT_MAX}));
}

static void
the_case_of_ascii_letters_is_ignored(void **unused)
{
	uint8_t out[EMAIL_TEXT_MAX];

	(void)unused;
	assert_true(email_same(slice_str("Jane@Example.COM"), slice_str("jANE@example.com")));
	assert_false(email_same(slice_str("jane@example.com"), slice_str("jane@example.co")));
	assert_false(email_same(slice_str("[@b"), slice_str("{@b")));
	assert_false(email_same(slice_str("\xc3\x84@b"), slice_str("\xc3\xa4@b")));
	assert_true(
	    slice_eq_str(email_lower(slice_str("Jane@Example.COM"), out), "jane@example.com"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(valid_addresses),
	    cmocka_unit_test(invalid_addresses),
	    cmocka_unit_test(lengths_are_bounded),
	    cmocka_unit_test(the_case_of_ascii_letters_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
