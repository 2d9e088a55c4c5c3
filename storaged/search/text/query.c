/*
 * White space and quotes separate the parts of a query; each part with words in it is a term.
 */
#include "storaged/search/text/query.h"

#include <string.h>

#include "proto/base/basics.h"

/* The length of a quote at this place: ", “, ” or „; 0: there is none. */
static size_t
query_quote(struct slice text, size_t at)
{
	static const char *const quotes[] = {"\"", "\u201c", "\u201d", "\u201e"};

	for (size_t i = 0; i < ARRAY_LEN(quotes); i++) {
		size_t n = strlen(quotes[i]);

		if (text.len - at >= n && memcmp(text.p + at, quotes[i], n) == 0)
			return n;
	}
	return 0;
}

/* The length of white space at this place: ASCII's, or the ideographic space; 0: there is none. */
static size_t
query_space(struct slice text, size_t at)
{
	uint8_t c = text.p[at];

	if (c == ' ' || (c >= '\t' && c <= '\r'))
		return 1;
	return text.len - at >= 3 && memcmp(text.p + at, "\u3000", 3) == 0 ? 3 : 0;
}

static int
query_add_word(struct query *q, const struct word *word)
{
	if (q->n_words == QUERY_WORDS_MAX)
		return -1;
	q->words[q->n_words++] =
	    (struct query_word){.start = q->len, .len = (uint16_t)word->len};
	memcpy(q->text + q->len, word->text, word->len);
	q->len = (uint16_t)(q->len + word->len);
	return 0;
}

/* The last character of a run: the pair before it contains it, and if there is none, it begins words. In the
 * middle of a phrase it is a word, as in the index. */
static void
query_end_run(struct query *q, struct query_term *term, bool follows_pair)
{
	if (!follows_pair) {
		term->prefix = true;
		return;
	}
	term->n--;
	q->n_words--;
}

/* Adds the words of a part as a term. 0, or -1: too many. */
static int
query_add_term(struct query *q, struct slice part, bool prefix)
{
	struct query_term term = {.first = q->n_words, .prefix = prefix};
	struct words words = {.text = part};
	struct word word;
	enum word_kind before = WORD_PLAIN, last = WORD_PLAIN;

	while (words_next(&words, &word)) {
		if (query_add_word(q, &word) != 0)
			return -1;
		term.n++;
		before = last;
		last = word.kind;
	}
	if (term.n == 0)
		return 0;
	if (q->n_terms == QUERY_TERMS_MAX)
		return -1;
	if (last == WORD_LAST)
		query_end_run(q, &term, before == WORD_PAIR);
	else if (last == WORD_PAIR)
		never("a run without its last character");
	q->terms[q->n_terms++] = term;
	return 0;
}

/* The part that starts at a place outside of quotes; returns its end. */
static size_t
query_plain_end(struct slice text, size_t at)
{
	while (at < text.len && query_space(text, at) == 0 && query_quote(text, at) == 0)
		at++;
	return at;
}

static size_t
query_quoted_end(struct slice text, size_t at)
{
	while (at < text.len && query_quote(text, at) == 0)
		at++;
	return at;
}

/* Takes the part at *at, and moves *at behind it. */
static int
query_take_part(struct query *q, struct slice text, size_t *at)
{
	size_t quote = query_quote(text, *at), start = *at + quote, end;

	end = quote > 0 ? query_quoted_end(text, start) : query_plain_end(text, start);
	*at = end;
	if (quote > 0 && end < text.len)
		*at += query_quote(text, end);
	return query_add_term(q, (struct slice){text.p + start, end - start},
	    quote == 0 && end > start && text.p[end - 1] == '*');
}

enum query_result
query_parse(struct query *q, struct slice text)
{
	size_t at = 0;

	must(text.len <= QUERY_MAX);
	q->n_terms = q->n_words = q->len = 0;
	while (at < text.len) {
		size_t space = query_space(text, at);

		at += space;
		if (space == 0 && query_take_part(q, text, &at) != 0)
			return QUERY_LONG;
	}
	return q->n_terms > 0 ? QUERY_OK : QUERY_EMPTY;
}

struct slice
query_word(const struct query *q, size_t n)
{
	return (struct slice){q->text + q->words[n].start, q->words[n].len};
}

static int
query_print_term(const struct query *q, const struct query_term *term, struct buf *out)
{
	if (buf_append_str(out, "\"") != 0)
		return -1;
	for (size_t i = 0; i < term->n; i++) {
		struct slice word = query_word(q, term->first + i);

		if ((i > 0 && buf_append_str(out, " ") != 0) ||
		    buf_append(out, word.p, word.len) != 0)
			return -1;
	}
	return buf_append_str(out, term->prefix ? "\" *" : "\"");
}

int
query_print(const struct query *q, struct buf *out)
{
	for (size_t i = 0; i < q->n_terms; i++)
		if ((i > 0 && buf_append_str(out, " AND ") != 0) ||
		    query_print_term(q, &q->terms[i], out) != 0)
			return -1;
	return 0;
}
