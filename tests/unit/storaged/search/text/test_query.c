/*
 * How text and queries are split into words, and what snippets show.
 */
#include "proto/base/utf8.h"
#include "storaged/search/text/snippet.h"
#include "tests/unit/unit.h"

TEST(text_is_split_into_folded_words)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
	    {"", ""},
	    {" ...\n", ""},
	    {"Hello, World!", "hello world"},
	    {"e-mail don't 12.50", "e mail don t 12 50"},
	    {"jane.doe@example.com", "jane doe example com"},
	    {"snake_case", "snake case"},
	    {"Caf\u00e9 cafe\u0301 CAF\u00c9", "cafe cafe cafe"}, /* composed and not */
	    {"stra\u00dfe \u0130stanbul \u1e9e", "strasse istanbul ss"},
	    {"\u0391\u03a3 \u0438\u0439", "\u03b1\u03c3 \u0438\u0438"},
	    {"\uff21\uff22\uff13 \ufb01n", "ab3 fin"}, /* full width; a ligature */
	    {"soft\u00adhyphen zero\u200bwidth", "softhyphen zerowidth"},
	    {"\u05e9\u05b8\u05dc", "\u05e9\u05dc"}, /* Hebrew points */
	    {"\u0939\u093f\u0928\u094d\u0926\u0940", "\u0939\u093f\u0928\u094d\u0926\u0940"},
	    {"\u6771\u4eac\u90fd", "\u6771\u4eac \u4eac\u90fd \u90fd"},
	    {"a\u6771b", "a \u6771 b"},
	    {"\uff76\uff9e \u304b\u3099", "\u30ac \u304c"}, /* half width and decomposed ga */
	    {"\u30ab\u30fc\u30c8", "\u30ab\u30fc \u30fc\u30c8 \u30c8"},
	    {"\U00020000\u6771", "\U00020000\u6771 \u6771"},
	    {"\U0001f600ok", "ok"},
	    {"0123456789012345678901234567890123456789012345678901234567890123456789",
		"0123456789012345678901234567890123456789012345678901234567890123"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct words words = {.text = slice_str(cases[i].text)};
		struct word word;
		struct buf got;

		buf_init(&got, 1024);
		while (words_next(&words, &word)) {
			assert_true(word.start < word.end && word.end <= words.text.len);
			assert_int_equal(buf_len(&got) > 0 ? buf_append_str(&got, " ") : 0, 0);
			assert_int_equal(buf_append(&got, word.text, word.len), 0);
		}
		if (!slice_eq_str(buf_slice(&got), cases[i].words))
			fail_msg("\"%s\": \"%.*s\"", cases[i].text, (int)buf_len(&got),
			    (const char *)buf_data(&got));
		buf_clear(&got);
	}
}

TEST(a_query_is_words_phrases_and_prefixes)
{
	static const struct {
		const char *text, *printed; /* NULL: no words */
	} cases[] = {
	    {"", NULL},
	    {" \" - * \" ", NULL},
	    {"Delivery time", "\"delivery\" AND \"time\""},
	    {"\"delivery Time\"", "\"delivery time\""},
	    {"\u201cdelivery time\u201d now", "\"delivery time\" AND \"now\""},
	    {"\"not closed", "\"not closed\""},
	    {"deliv*", "\"deliv\" *"},
	    {"a*b", "\"a b\""},
	    {"\"a b*\"", "\"a b\""}, /* a star counts only outside of quotes */
	    {"x\"y\"z", "\"x\" AND \"y\" AND \"z\""},
	    {"e-mail", "\"e mail\""},
	    /* What SQLite would interpret. */
	    {"a AND b OR NOT c NEAR(d)",
		"\"a\" AND \"and\" AND \"b\" AND \"or\" AND \"not\" AND \"c\" AND \"near d\""},
	    {"scope:o1 {text}:x ^a + b'); DROP TABLE meta;--",
		"\"scope o1\" AND \"text x\" AND \"a\" AND \"b\" AND \"drop\" AND \"table\" "
		"AND "
		"\"meta\""},
	    {"\u6771\u4eac", "\"\u6771\u4eac\""},
	    {"\u6771\u4eac\u90fd", "\"\u6771\u4eac \u4eac\u90fd\""},
	    {"\u6771", "\"\u6771\" *"},
	    {"a\u6771", "\"a \u6771\" *"},
	    {"\u6771\u4eac a", "\"\u6771\u4eac\" AND \"a\""},
	    {"\"\u6771\u4eac a\"", "\"\u6771\u4eac \u4eac a\""},
	    {"a\u3000b", "\"a\" AND \"b\""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct query q;
		struct buf got;
		enum query_result result = query_parse(&q, slice_str(cases[i].text));

		assert_int_equal(result, cases[i].printed == NULL ? QUERY_EMPTY : QUERY_OK);
		buf_init(&got, 1024);
		assert_int_equal(query_print(&q, &got), 0);
		if (result == QUERY_OK && !slice_eq_str(buf_slice(&got), cases[i].printed))
			fail_msg("\"%s\": %.*s", cases[i].text, (int)buf_len(&got),
			    (const char *)buf_data(&got));
		buf_clear(&got);
	}
}

TEST(a_query_has_a_limit_of_terms_and_of_words)
{
	struct query q;

	assert_int_equal(
	    query_parse(&q, slice_str("a b c d e f g h i j k l m n o p")), QUERY_OK);
	assert_int_equal(
	    query_parse(&q, slice_str("a b c d e f g h i j k l m n o p q")), QUERY_LONG);
	assert_int_equal(query_parse(&q,
			     slice_str("a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.0."
				       "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.0."
				       "a.b.c.d.e.f.g.h.i.j.k")),
	    QUERY_LONG);
}

/* The snippet with its marks in brackets, and with dots where text was left out. */
static void
print_snippet(const struct snippet *s, struct buf *out)
{
	size_t at = 0;

	assert_int_equal(s->from_start ? 0 : buf_append_str(out, "\u2026"), 0);
	for (size_t i = 0; i < s->n_marks; i++) {
		const struct snippet_mark *m = &s->marks[i];

		assert_int_equal(buf_printf(out, "%.*s[%.*s]", (int)(m->start - at),
				     (const char *)s->text.p + at, m->end - m->start,
				     (const char *)s->text.p + m->start),
		    0);
		at = m->end;
	}
	assert_int_equal(buf_append(out, s->text.p + at, s->text.len - at), 0);
	assert_int_equal(s->to_end ? 0 : buf_append_str(out, "\u2026"), 0);
}

#define TEN     "ten bytes " /* 100 bytes need ten of them */
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

TEST(a_snippet_shows_the_first_match_with_marks)
{
	static const struct {
		const char *query, *text, *snippet;
	} cases[] = {
	    {"cat", "A cat.", "A [cat]."},
	    {"dog", "A cat.", "A cat."},
	    {"\"a b\" c", "a c a b a", "a [c] [a b] a"},
	    {"\"a a\"", "a a a", "[a a a]"},
	    {"cat*", "Cats concatenate", "[Cats] concatenate"},
	    {"e-mail", "E-Mail: mail", "[E-Mail]: mail"},
	    {"cafe", "Un Caf\u00e9!", "Un [Caf\u00e9]!"},
	    {"\u4eac\u90fd", "\u6771\u4eac\u90fd\u3002", "\u6771[\u4eac\u90fd]\u3002"},
	    {"cat", HUNDRED "cat", "\u2026" TEN TEN TEN TEN TEN TEN TEN TEN "[cat]"},
	    {"cat", "cat " HUNDRED HUNDRED HUNDRED "cat",
		"[cat] " HUNDRED HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN "ten by\u2026"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct query q;
		struct snippet s;
		struct buf got;

		assert_int_equal(query_parse(&q, slice_str(cases[i].query)), QUERY_OK);
		snippet_make(&s, &q, slice_str(cases[i].text));
		buf_init(&got, 1024);
		print_snippet(&s, &got);
		if (!slice_eq_str(buf_slice(&got), cases[i].snippet))
			fail_msg("%s in %s: %.*s", cases[i].query, cases[i].text,
			    (int)buf_len(&got), (const char *)buf_data(&got));
		buf_clear(&got);
	}
}

TEST(a_snippet_ends_with_a_whole_character)
{
	static uint8_t text[1000];
	struct query q;
	struct snippet s;

	assert_int_equal(query_parse(&q, slice_str("x")), QUERY_OK);
	for (size_t start = 0; start < 3; start++) {
		memset(text, '.', sizeof(text));
		for (size_t i = start; i + 3 <= sizeof(text); i += 3)
			memcpy(text + i, "\u6771", 3);
		snippet_make(&s, &q, (struct slice){text, sizeof(text)});
		assert_true(utf8_valid(s.text) && s.text.len > SNIPPET_MAX - 3);
	}
}

TEST_MAIN(NULL, NULL)
