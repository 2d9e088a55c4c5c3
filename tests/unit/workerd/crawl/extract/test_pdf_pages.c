/*
 * The text that pdftotext prints.
 */
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
	"P #page=1 a\nP #page=2 b\nP #page=3 c\n"},
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

TEST_MAIN(NULL, NULL)
