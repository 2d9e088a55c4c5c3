/*
 * What makes two e-mails, or two phones, one.
 */
#include "storaged/identities/match_keys.h"
#include "tests/unit/unit.h"

/* "" where there is none. */
static struct slice
folded(const char *email, uint8_t out[FOLDED_MAX])
{
	struct slice s = {out, 0};

	if (match_fold_email(slice_str(email), out, &s.len) != 0)
		s.len = 0;
	return s;
}

static struct slice
digits(const char *phone, uint8_t out[PHONE_MAX])
{
	struct slice s = {out, 0};

	if (match_phone_digits(slice_str(phone), out, &s.len) != 0)
		s.len = 0;
	return s;
}

static void
expect(struct slice got, const char *expected, const char *of)
{
	if (!slice_eq_str(got, expected))
		fail_msg("of \"%s\": \"%.*s\", not \"%s\"", of, (int)got.len, got.p, expected);
}

TEST(emails_that_differ_in_case_are_one)
{
	static const struct {
		const char *written, *folded;
	} cases[] = {
	    {"", ""},
	    {"ada@example.com", "ada@example.com"},
	    {"Ada@Example.COM", "ada@example.com"},
	    {"a.da+x_[Z]`@example.com", "a.da+x_[z]`@example.com"},
	    /* White space is kept. */
	    {" ada@example.com", " ada@example.com"},
	    /* Upper and lower case, in any script. */
	    {"J\u00dcRGEN@b\u00fccher.example", "j\u00fcrgen@b\u00fccher.example"},
	    {"\u0418\u0412\u0410\u041d@\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444",
		"\u0438\u0432\u0430\u043d@\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444"},
	    {"\u0391\u03a3@x.gr", "\u03b1\u03c3@x.gr"},
	    {"\u03b1\u03c2@x.gr", "\u03b1\u03c3@x.gr"}, /* the final sigma */
	    {"stra\u00dfe@x.de", "strasse@x.de"},
	    {"STRA\u1e9eE@x.de", "strasse@x.de"},
	    {"\U00010400@x", "\U00010428@x"}, /* beyond 16 bits */
	    {"\u212a@x", "k@x"},              /* the Kelvin sign is a K */
	    /* Composed and decomposed characters. */
	    {"u\u0308@x", "\u00fc@x"},
	    {"U\u0308@x", "\u00fc@x"},
	    {"A\u030a@x", "\u00e5@x"},
	    {"\u212b@x", "\u00e5@x"}, /* the Angstrom sign */
	    {"\u1100\u1161@x", "\uac00@x"},
	    /* Combining marks in any order. */
	    {"q\u0307\u0323@x", "q\u0323\u0307@x"},
	    {"q\u0323\u0307@x", "q\u0323\u0307@x"},
	    {"\u0391\u0345\u0301@x", "\u03ac\u03b9@x"},
	    {"\u0391\u0301\u0345@x", "\u03ac\u03b9@x"},
	    /* Characters that only look alike, or have another width, stay different. */
	    {"\u0430da@x", "\u0430da@x"},
	    {"\uff41da@x", "\uff41da@x"},
	};
	uint8_t out[FOLDED_MAX];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		expect(folded(cases[i].written, out), cases[i].folded, cases[i].written);
		/* Folding is idempotent. */
		expect(folded(cases[i].folded, out), cases[i].folded, cases[i].folded);
	}
}

/* An e-mail of one character, repeated up to EMAIL_MAX. */
static struct slice
full_of(const char *c, char text[EMAIL_MAX + 1])
{
	size_t len = 0;

	text[0] = '\0';
	while (len + strlen(c) <= EMAIL_MAX) {
		memcpy(text + len, c, strlen(c) + 1);
		len += strlen(c);
	}
	return slice_str(text);
}

TEST(an_email_that_grows_too_long_has_no_key)
{
	char text[EMAIL_MAX + 1];
	uint8_t out[FOLDED_MAX];
	size_t len;

	assert_int_equal(match_fold_email(full_of("\u1f80", text), out, &len), -1);
	assert_int_equal(match_fold_email(full_of("\U0001d160", text), out, &len), -1);
	/* Characters that grow when folded, and that occur. */
	assert_int_equal(match_fold_email(full_of("\u0130", text), out, &len), 0);
	assert_int_equal(len, EMAIL_MAX / 2 * 3);
	assert_int_equal(match_fold_email(full_of("\u00df", text), out, &len), 0);
	assert_int_equal(match_fold_email(full_of("\u1e9e", text), out, &len), 0);
	assert_int_equal(match_fold_email(full_of("A", text), out, &len), 0);
	assert_int_equal(len, EMAIL_MAX);
}

TEST(phones_with_the_same_digits_are_one)
{
	static const struct {
		const char *written, *digits;
	} cases[] = {
	    {"", ""},
	    {"+", ""},
	    {"none", ""},
	    {"1", "1"},
	    {"+1 (234) 567-890", "+1234567890"},
	    {"(+1) 234.567/890", "+1234567890"},
	    {"++1 234 567 890", "+1234567890"},
	    {"1 (234) 567-890", "1234567890"},
	    {"0049 (0) 30 1234", "00490301234"},
	    {"tel. 030 1234 ext. 5", "03012345"},
	    {"030+1234", "0301234"},
	    {"+49+30", "+4930"},
	    /* U+FF11 and U+0661 are digits of other scripts, U+FF0B is another plus sign. */
	    {"\uff11\uff12", ""},
	    {"\u0661 2", "2"},
	    {"\uff0b1", "1"},
	};
	uint8_t out[PHONE_MAX];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect(digits(cases[i].written, out), cases[i].digits, cases[i].written);
}

TEST(a_phone_may_be_all_digits)
{
	uint8_t phone[PHONE_MAX], out[PHONE_MAX];
	size_t len;

	memset(phone, '7', sizeof(phone));
	assert_int_equal(match_phone_digits((struct slice){phone, PHONE_MAX}, out, &len), 0);
	assert_int_equal(len, PHONE_MAX);
}

TEST_MAIN(NULL, NULL)
