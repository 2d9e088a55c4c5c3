/*
 * Markdown, and plain text.
 */
#include "tests/unit/workerd/crawl/extract/outcome_text.h"
#include "workerd/crawl/extract/markdown.h"
#include "workerd/crawl/extract/plain.h"

static const struct {
	const char *text, *title, *blocks;
} cases[] = {
    {"# One\ntext\nmore\n\n## Two ##\n### Three {#t}\n####### seven", "One",
	"H1 One\nP text more\nH2 Two\nH3 #t Three\nP ####### seven\n"},
    {"First\n=====\nSecond\n---\na\nb\n---\n", "First", "H1 First\nH2 Second\nP a b\n"},
    {"---\ntitle: 'From the front'\ndate: x\n---\n# Head", "From the front", "H1 Head\n"},
    {"---\nno end\n\ntext", "", "P no end\nP text\n"},
    {"- a\n- b\n  c\n    - d\n1. e\n2) f\n\ntext", "",
	"I - a\nI - b c\nI     - d\nI 1. e\nI 2) f\nP text\n"},
    {"| A | B |\n|---|:-:|\n| `x` | **y** \\| z |\n| 1 | |\n\nEnd | of it", "",
	"B A | B/x | y | z/1 |\nP End | of it\n"},
    {"```c\nint x;\n\n  # y\n```\n~~~\n```\n~~~\n", "", "C int x;//  # y\nC ```\n"},
    {"text\n    no code\n\n    code\n      more\n\n    last\n\nend", "",
	"P text no code\nC code/  more//last\nP end\n"},
    {"> quoted\n> text\n>\n> - item", "", "P quoted text\nI - item\n"},
    {"**b** *i* __u__ ~~s~~ `a*b` 2 * 3 * 4 x_y_z \\*no\\*", "",
	"P b i u s a*b 2 * 3 * 4 x_y_z *no*\n"},
    {"[text](http://x 'y') [ref][1] [box] ![a picture](p.png) [![in](a)](b) "
     "<https://x.example>",
	"", "P text ref [box] a picture in <https://x.example>\n"},
    {"<!-- a\nb -->\n<div class=x>html</div>\n***\nend", "", "P html\nP end\n"},
    {"", "", ""},
    {"`", "", "P `\n"},
    {"[[[[[[[[[[x](a)](b)](c)](d)](e)](f)](g)](h)](i)](j)", "", NULL},
};

TEST(markdown_becomes_blocks_without_marks)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct outcome out;

		outcome_init(&out);
		markdown_read(&out, slice_str(cases[i].text));
		if (cases[i].blocks != NULL)
			assert_string_equal(outcome_text(&out), cases[i].blocks);
		assert_true(slice_eq_str(buf_slice(&out.title), cases[i].title));
		outcome_clear(&out);
	}
}

TEST(plain_text_is_split_at_empty_lines_and_keeps_its_lines)
{
	struct outcome out;

	outcome_init(&out);
	plain_read(&out, slice_str("\n\none\r\n  two\r\n\r\nthree\n \nfour\x01\x02"));
	assert_string_equal(outcome_text(&out), "P one/  two\nP three\nP four\n");
	outcome_clear(&out);
}

/* Markdown headings of any length: a heading of a document has at most DOCUMENT_HEADING_MAX bytes. */
TEST(a_heading_that_is_too_long_is_a_paragraph)
{
	struct outcome out;
	struct buf text;

	buf_init(&text, 4096);
	assert_int_equal(buf_append_str(&text, "# "), 0);
	for (int i = 0; i < DOCUMENT_HEADING_MAX + 1; i++)
		assert_int_equal(buf_append_str(&text, "x"), 0);
	outcome_init(&out);
	markdown_read(&out, buf_slice(&text));
	assert_int_equal(outcome_text(&out)[0], 'P');
	outcome_clear(&out);
	buf_clear(&text);
}

TEST_MAIN(NULL, NULL)
