/*
 * The text that pdftotext prints.
 */
#include "proto/ipc/messages.h"
#include "tests/unit/workerd/crawl/extract/outcome_text.h"
#include "workerd/crawl/extract/pdf_pages.h"

static const struct {
	const char *text, *title, *blocks;
} cases[] = {
    {"Manual\n\nA para-\ngraph of\ntwo lines.\n\f", "Manual",
	"P #page=1 Manual\nP A paragraph of two lines.\n"},
    {"one\n\ftwo\n\f\fthree\n\f", "one", "P #page=1 one\nP #page=2 two\nP #page=4 three\n"},
    {"1.2 Returns\nWithin 30 days.\n2.5 kg\n1. Open\n\f", "1.2 Returns",
	"H2 #page=1 1.2 Returns\nP Within 30 days. 2.5 kg 1. Open\n"},
    {"\xe2\x80\xa2 one\ntwo\n\xe2\x80\xa2\n\nthree\n\n- four\n\f", "\xe2\x80\xa2 one",
	"I #page=1 - one two\nI - three\nI - four\n"},
    {"Contents\nReturns . . . . . . 12\nPrices.............13\n\f", "Contents",
	"P #page=1 Contents\n"},
    /* The running title with the page's number, and the number alone. */
    {"Shop, page 1\na\n7\n\fShop, page 2\nb\n8\n\fShop, page 3\nc\n9\n\f", "Shop, page 1",
	"P #page=1 Shop, page 1 a\nP #page=2 b\nP #page=3 c\n"},
    /* A title that repeats is written once. */
    {"Returns\n\na\nx\n\fReturns\n\nb\ny\n\fReturns\n\nc\nz\n\f", "Returns",
	"P #page=1 Returns\nP a x\nP #page=2 b y\nP #page=3 c z\n"},
    /* So is each of several, with their numbers. */
    {"Part 1\na\n\fPart 1\nb\n\fPart 1\nc\n\fPart 2\nd\n\fPart 2\ne\n\fPart 2\nf\n\f", "Part 1",
	"P #page=1 Part 1 a\nP #page=2 b\nP #page=3 c\n"
	"P #page=4 Part 2 d\nP #page=5 e\nP #page=6 f\n"},
    /* Headings with numbers are no running titles. */
    {"Room 1\n\fRoom 2\n\fRoom 3\n\f", "Room 1",
	"P #page=1 Room 1\nP #page=2 Room 2\nP #page=3 Room 3\n"},
    {"Room 1\n4 seats\n\fRoom 2\n5 seats\n\fRoom 3\n9 seats\n\f", "Room 1",
	"P #page=1 Room 1 4 seats\nP #page=2 Room 2 5 seats\nP #page=3 Room 3 9 seats\n"},
    {"Hotel\nRoom 1\n\fHotel\nRoom 2\n\fHotel\nRoom 3\n\f", "Hotel",
	"P #page=1 Hotel Room 1\nP #page=2 Room 2\nP #page=3 Room 3\n"},
    /* At the bottom, the number that counts on with the pages is that of the page. */
    {"a\nb\nManual 4\n\fc\nd\nManual 5\n\fe\nf\nManual 6\n\f", "a",
	"P #page=1 a b Manual 4\nP #page=2 c d\nP #page=3 e f\n"},
    {"a\nb\nfor 4 guests\n\fc\nd\nfor 2 guests\n\fe\nf\nfor 9 guests\n\f", "a",
	"P #page=1 a b for 4 guests\nP #page=2 c d for 2 guests\nP #page=3 e f for 9 guests\n"},
    /* Numbers of pages in other forms. */
    {"a\nb\n\xe2\x80\x93 4 \xe2\x80\x93\n\fc\nd\n\xe2\x80\x94 5 \xe2\x80\x94\n\f", "a",
	"P #page=1 a b\nP #page=2 c d\n"},
    {"a\nb\n[4]\n\fc\nd\n(5)\n\f", "a", "P #page=1 a b\nP #page=2 c d\n"},
    /* Nothing but numbers. */
    {"1\n\f2\n\f", "1", "P #page=1 1\nP #page=2 2\n"},
    {"well-\nKnown\n\f", "well-", "P #page=1 well- Known\n"},
    {"\f\f", "", ""},
};

TEST(pages_become_blocks_with_their_numbers_as_anchors)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct outcome out;

		outcome_init(&out);
		pdf_pages_read(&out, slice_str(cases[i].text));
		assert_string_equal(outcome_text(&out), cases[i].blocks);
		assert_true(slice_eq_str(buf_slice(&out.title), cases[i].title));
		outcome_clear(&out);
	}
}

TEST(text_for_private_use_is_not_stored)
{
	struct outcome out;

	outcome_init(&out);
	pdf_pages_read(&out,
	    slice_str("\xee\x80\x81\xee\x80\x82 \xef\xbf\xbd "
		      "a\n\f\xf3\xb0\x80\x80\xf4\x80\x80\x80\n\f"));
	assert_int_equal(out.reason, REASON_EMPTY);
	assert_string_equal(outcome_text(&out), "");
	outcome_clear(&out);

	/* Only the page that is readable; a bullet for private use is no reason. */
	outcome_init(&out);
	pdf_pages_read(&out,
	    slice_str(
		"\xee\x80\x81\xee\x80\x82\n\f\xef\x82\xb7 one item\n\xee\x80\x81 more\n\f"));
	assert_int_equal(out.reason, REASON_NONE);
	assert_string_equal(outcome_text(&out), "I #page=2 - one item \xee\x80\x81 more\n");
	outcome_clear(&out);
}

TEST_MAIN(NULL, NULL)
