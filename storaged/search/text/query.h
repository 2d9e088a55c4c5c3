/*
 * What a person types into a search field: words, "phrases", prefix*. All of them must match.
 *
 * There is no other syntax: any other character separates words, so that no input is an error of syntax, and
 * nothing that SQLite would interpret passes.
 */
#ifndef STORAGED_SEARCH_TEXT_QUERY_H
#define STORAGED_SEARCH_TEXT_QUERY_H

#include "storaged/search/text/words.h"

#define QUERY_MAX       512 /* bytes, as in messages.def */
#define QUERY_TERMS_MAX 16
#define QUERY_WORDS_MAX 64

/* Words that follow each other; of a prefix, the last word is the beginning of one. */
struct query_term {
	uint16_t first, n; /* of the query's words */
	bool prefix;
};

struct query_word {
	uint16_t start, len; /* in the query's text */
};

struct query {
	struct query_term terms[QUERY_TERMS_MAX];
	struct query_word words[QUERY_WORDS_MAX];
	uint16_t n_terms, n_words, len;
	uint8_t text[QUERY_WORDS_MAX * (WORD_MAX + FOLD_MAX)];
};

enum query_result {
	QUERY_OK,
	QUERY_EMPTY, /* not a single word */
	QUERY_LONG,  /* more terms or words than the limits */
};

/* Parses valid UTF-8 of at most QUERY_MAX bytes. */
[[gnu::warn_unused_result]] enum query_result query_parse(struct query *q, struct slice text);

/* The folded word with this number. */
struct slice query_word(const struct query *q, size_t n);

/* Appends the query in SQLite's syntax: phrases in quotes joined by AND. 0, or -1 with ENOBUFS. */
[[gnu::warn_unused_result]] int query_print(const struct query *q, struct buf *out);

#endif
