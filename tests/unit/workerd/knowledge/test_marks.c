/*
 * Marks are cut from a model's text wherever its tokens split them, but not from code.
 */
#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/knowledge/marks.h"

#define MAX 4096

/* The text without marks, with {n} at the place of each. */
static void
note_text(void *arg, struct slice text)
{
	assert_true(text.len > 0);
	assert_int_equal(buf_append(arg, text.p, text.len), 0);
}

static void
note_mark(void *arg, unsigned number)
{
	assert_int_equal(buf_printf(arg, "{%u}", number), 0);
}

static const struct marks_events events = {note_text, note_mark};

/* Each of the pieces ends at a multiple of `step`, counted from `first`. */
static void
cut(const char *text, size_t first, size_t step, struct buf *out)
{
	struct slice rest = slice_str(text);
	struct marks m = {0};
	size_t n = first;

	while (rest.len > 0) {
		if (n > rest.len)
			n = rest.len;
		marks_feed(&m, (struct slice){rest.p, n}, &events, out);
		rest = (struct slice){rest.p + n, rest.len - n};
		n = step;
	}
	marks_end(&m, &events, out);
}

static void
check(const char *text, const char *expected, size_t first, size_t step)
{
	struct buf out;

	buf_init(&out, MAX);
	cut(text, first, step, &out);
	if (!slice_eq_str(buf_slice(&out), expected))
		fail_msg("\"%s\" split at %zu, then each %zu bytes: \"%.*s\", not \"%s\"", text,
		    first, step, (int)buf_len(&out), (const char *)buf_data(&out), expected);
	buf_clear(&out);
}

TEST(marks_are_cut_wherever_the_text_is_split)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
	    {"", ""},
	    {"Hello", "Hello"},
	    {"It costs 5. [S1]", "It costs 5.{1}"},
	    {"It costs 5 [S1].", "It costs 5{1}."},
	    {"It costs 5[S1]. It is red [S2]!", "It costs 5{1}. It is red{2}!"},
	    {"A [S1][S2] b", "A{1}{2} b"},
	    {"A [S1] [S2] b", "A{1}{2} b"},
	    {"A [S1, S2] b", "A{1}{2} b"},
	    {"A [S1,S2;S3, 4 ] b", "A{1}{2}{3}{4} b"},
	    {"[S0] I do not know.", "{0} I do not know."},
	    {"A [S12] [S999]", "A{12}{999}"},
	    {"- [S1] a\n- b [S2]\n", "-{1} a\n- b{2}\n"},
	    {"caf\xc3\xa9 [S1] \xf0\x9f\x98\x80[S2]", "caf\xc3\xa9{1} \xf0\x9f\x98\x80{2}"},
	    {"A\n[S1]", "A\n{1}"},
	    {"a  \t[S1]", "a{1}"},
	    /* No marks. */
	    {"A [1] [S] [Sx] [S1000] [s1] [S1", "A [1] [S] [Sx] [S1000] [s1] [S1"},
	    {"A [S1,] [S1 S2] [S,1] [ S1]", "A [S1,] [S1 S2] [S,1] [ S1]"},
	    {"[[S1]]", "[{1}]"},
	    {"[S1[S2]", "[S1{2}"},
	    {"A [S1\n]", "A [S1\n]"},
	    {"a \\[S1] b", "a \\[S1] b"},
	    {"a \\\\[S1] b", "a \\\\{1} b"},
	    {"spaces at the end  ", "spaces at the end  "},
	    {"1  2   3", "1  2   3"},
	    /* Code. */
	    {"`[S1]` a [S2]", "`[S1]` a{2}"},
	    {"``a ` [S1]`` [S2]", "``a ` [S1]``{2}"},
	    {"a ` b [S1]\nc [S2]", "a ` b [S1]\nc{2}"},
	    {"a \\` b [S1]", "a \\` b{1}"},
	    {"```\na [S1]\n```\nb [S2]", "```\na [S1]\n```\nb{2}"},
	    {"```js\na [S1]\n`` `\n[S2]\n```` \n[S3]", "```js\na [S1]\n`` `\n[S2]\n```` \n{3}"},
	    {"~~~\n[S1]\n```\n[S2]\n~~~\n[S3]", "~~~\n[S1]\n```\n[S2]\n~~~\n{3}"},
	    {"```\n[S1]\n``` x\n[S2]\n```\n[S3]", "```\n[S1]\n``` x\n[S2]\n```\n{3}"},
	    {"- ```\n  [S1]\n  ```\n  [S2]", "- ```\n  [S1]\n  ```\n{2}"},
	    {"> ~~~\n> [S1]\n> ~~~\n> [S2]", "> ~~~\n> [S1]\n> ~~~\n>{2}"},
	    {"a ~~~ [S1]", "a ~~~{1}"},
	    {"```[S1]``` [S2]", "```[S1]```{2}"},
	    {"```[S1]`` [S2]``` [S3]", "```[S1]`` [S2]```{3}"},
	    {"a ```b\n[S1]", "a ```b\n{1}"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t first = 1; first <= strlen(cases[i].text) + 1; first++) {
			check(cases[i].text, cases[i].expected, first, MAX);
			check(cases[i].text, cases[i].expected, first, 1);
			check(cases[i].text, cases[i].expected, first, first);
		}
}

TEST(a_text_without_marks_comes_in_one_piece)
{
	struct marks m = {0};
	struct buf out;

	buf_init(&out, MAX);
	marks_feed(&m, slice_str("The delivery takes three days"), &events, &out);
	assert_true(slice_eq_str(buf_slice(&out), "The delivery takes three days"));
	buf_clear(&out);
}

/* What is longer than the longest mark waits no longer. */
TEST(what_is_held_back_is_bounded)
{
	struct marks m = {0};
	struct buf text, out;

	buf_init(&text, MAX);
	buf_init(&out, MAX);
	assert_int_equal(buf_append_str(&text, "[S1"), 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(buf_append_str(&text, ",1"), 0);
	marks_feed(&m, buf_slice(&text), &events, &out);
	assert_true(buf_len(&text) - buf_len(&out) <= MARKS_HELD_MAX);
	marks_end(&m, &events, &out);
	assert_true(slice_eq(buf_slice(&out), buf_slice(&text)));
	buf_clear(&text);
	buf_clear(&out);
}

TEST_MAIN(NULL, NULL)
