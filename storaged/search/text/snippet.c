/*
 * Two passes over the text's words: the first match decides where the snippet begins, then all matches
 * inside of it are marked. A phrase is matched by its progress: how many of its words the last words were.
 */
#include "storaged/search/text/snippet.h"

#include <string.h>

/* What a snippet shows before its first match, if the text goes back that far. */
#define SNIPPET_BEFORE 80

/* The places of the last words, of which a phrase that ends now began with one. */
struct recent {
	size_t starts[QUERY_WORDS_MAX];
	struct word words[QUERY_WORDS_MAX];
	size_t n; /* words so far */
};

static bool
snippet_word_matches(const struct word *word, struct slice wanted, bool prefix)
{
	if (prefix ? word->len < wanted.len : word->len != wanted.len)
		return false;
	return memcmp(word->text, wanted.p, wanted.len) == 0;
}

static const struct word *
snippet_recent_word(const struct recent *recent, size_t ago)
{
	return &recent->words[(recent->n - 1 - ago) % QUERY_WORDS_MAX];
}

/* Whether the last words are this term; *start gets where it begins. */
static bool
snippet_term_ends(const struct query *q, const struct query_term *term,
    const struct recent *recent, size_t *start)
{
	if (recent->n < term->n)
		return false;
	for (size_t i = 0; i < term->n; i++) {
		struct slice wanted = query_word(q, term->first + term->n - 1u - i);

		if (!snippet_word_matches(
			snippet_recent_word(recent, i), wanted, i == 0 && term->prefix))
			return false;
	}
	*start = snippet_recent_word(recent, term->n - 1u)->start;
	return true;
}

struct matches {
	struct words words;
	struct recent recent;
};

/* The next match: the longest that ends with the next word that ends one. */
static bool
snippet_next_match(struct matches *m, const struct query *q, size_t *start, size_t *end)
{
	struct recent *recent = &m->recent;

	while (words_next(&m->words, &recent->words[recent->n % QUERY_WORDS_MAX])) {
		bool found = false;

		recent->n++;
		for (size_t i = 0; i < q->n_terms; i++) {
			size_t begin;

			if (!snippet_term_ends(q, &q->terms[i], recent, &begin))
				continue;
			*start = found && *start < begin ? *start : begin;
			found = true;
		}
		*end = snippet_recent_word(recent, 0)->end;
		if (found)
			return true;
	}
	return false;
}

/* The start of the character at or before a place. */
static size_t
snippet_char_start(struct slice text, size_t at)
{
	while (at > 0 && at < text.len && (text.p[at] & 0xc0) == 0x80)
		at--;
	return at;
}

/* The first start of a word in the text before a match, at most SNIPPET_BEFORE away; of a long run of
 * letters, any character. */
static size_t
snippet_begin(struct slice text, size_t match)
{
	size_t least = match > SNIPPET_BEFORE ? match - SNIPPET_BEFORE : 0, at;

	if (least == 0)
		return 0;
	for (at = least; at < match; at++)
		if (text.p[at - 1] == ' ' || text.p[at - 1] == '\n')
			return at;
	return snippet_char_start(text, least);
}

static void
snippet_cut(struct snippet *s, struct slice text, size_t from)
{
	size_t to = text.len;

	if (to - from > SNIPPET_MAX)
		to = snippet_char_start(text, from + SNIPPET_MAX);
	s->text = (struct slice){text.p + from, to - from};
	s->from_start = from == 0;
	s->to_end = to == text.len;
}

/* Matches come by their ends; one may contain the beginning of those before. */
static void
snippet_mark(struct snippet *s, size_t start, size_t end)
{
	while (s->n_marks > 0 && s->marks[s->n_marks - 1].end >= start) {
		s->n_marks--;
		if (s->marks[s->n_marks].start < start)
			start = s->marks[s->n_marks].start;
	}
	if (s->n_marks < SNIPPET_MARKS_MAX)
		s->marks[s->n_marks++] = (struct snippet_mark){(uint16_t)start, (uint16_t)end};
}

void
snippet_make(struct snippet *s, const struct query *q, struct slice text)
{
	struct matches m = {.words = {.text = text}};
	size_t start = 0, end = 0, from;
	bool found = snippet_next_match(&m, q, &start, &end);

	s->n_marks = 0;
	from = found ? snippet_begin(text, start) : 0;
	snippet_cut(s, text, from);
	while (found && end - from <= s->text.len) {
		snippet_mark(s, start > from ? start - from : 0, end - from);
		found = snippet_next_match(&m, q, &start, &end);
	}
}
