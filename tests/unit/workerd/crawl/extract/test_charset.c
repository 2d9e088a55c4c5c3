/*
 * Which encoding a document is in, and that its text is always valid UTF-8.
 */
#include "proto/base/utf8.h"
#include "tests/unit/unit.h"
#include "workerd/crawl/extract/charset.h"

#define S(bytes)                                            \
	{                                                   \
		(const uint8_t *)(bytes), sizeof(bytes) - 1 \
	}

static const struct {
	struct slice bytes;
	const char *declared, *text;
} cases[] = {
    {S("plain"), "", "plain"},
    {S("gr\xc3\xbc\xc3\x9f"), "", "gr\xc3\xbc\xc3\x9f"},
    {S("gr\xfc\xdf"), "", "gr\xc3\xbc\xc3\x9f"},
    {S("gr\xfc\xdf"), "ISO-8859-1", "gr\xc3\xbc\xc3\x9f"},
    {S("5 \x80"), "latin1", "5 \xe2\x82\xac"},
    {S("gr\xfc\xdf"), "UTF-8", "gr\xef\xbf\xbd\xef\xbf\xbd"},
    {S("gr\xfc\xdf"), "unheard-of", "gr\xc3\xbc\xc3\x9f"},
    {S("\xef\xbb\xbfx\xc3\xbc"), "latin1", "x\xc3\xbc"},
    {S("\xff\xfeh\0i\0"), "", "hi"},
    {S("\xfe\xff\0h\0i"), "utf-8", "hi"},
    {S("<meta charset=\"windows-1251\">\xcf"), "", "<meta charset=\"windows-1251\">\xd0\x9f"},
    {S("<meta http-equiv=content-type content='text/html; charset=koi8-r'>\xcd"), "",
	"<meta http-equiv=content-type content='text/html; charset=koi8-r'>\xd0\xbc"},
    {S("<meta charset=utf-16>\xc3\xbc"), "", "<meta charset=utf-16>\xc3\xbc"},
    {S("<?xml version='1.0' encoding='Shift_JIS'?>\x93\xfa"), "",
	"<?xml version='1.0' encoding='Shift_JIS'?>\xe6\x97\xa5"},
    {S("\x93\xfa\x81"), "shift_jis", "\xe6\x97\xa5\xef\xbf\xbd"},
    {S("a\0\0\xd8"
       "b\0"),
	"utf-16le",
	"a\xef\xbf\xbd"
	"b"},
    {S("\xfe\xff\xdc\0\0a\xd8\0\0b"), "",
	"\xef\xbf\xbd"
	"a\xef\xbf\xbd"
	"b"},
    {S("\0a\0"), "utf-16be", "a\xef\xbf\xbd"},
    {S("a\0b\0\0c"), "", "abc"},
    {S("a\xc3\0b"), "utf-8",
	"a\xef\xbf\xbd"
	"b"},
    {S(""), "", ""},
};

TEST(text_is_decoded_by_mark_declaration_document_or_bytes)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct charset c;
		struct buf text;

		buf_init(&text, 4096);
		charset_open(&c, cases[i].bytes, slice_str(cases[i].declared));
		assert_int_equal(charset_decode(&c, cases[i].bytes, &text), 0);
		charset_close(&c);
		assert_true(utf8_valid(buf_slice(&text)));
		assert_true(slice_eq_str(buf_slice(&text), cases[i].text));
		buf_clear(&text);
	}
}

TEST(a_text_that_is_too_long_is_an_error)
{
	static const struct slice bytes = S("four");
	struct charset c;
	struct buf text;

	buf_init(&text, 3);
	charset_open(&c, bytes, slice_str(""));
	assert_int_equal(charset_decode(&c, bytes, &text), -1);
	charset_close(&c);
	buf_clear(&text);
}

TEST_MAIN(NULL, NULL)
