/*
 * Splits text into the words of the index, folded (fold.h), each with its place in the text.
 *
 * In scripts that put no spaces between words, each character starts a word of itself and the next one, and
 * the last of a run is a word alone: "東京都" gives 東京, 京都, 都. So any part of a run that has at least two
 * characters is a phrase of words, and a single character is the beginning of a word.
 */
#ifndef STORAGED_SEARCH_TEXT_WORDS_H
#define STORAGED_SEARCH_TEXT_WORDS_H

#include <stdbool.h>

#include "proto/base/buf.h"
#include "storaged/search/text/fold.h"

/* Bytes of a word; the rest of a longer one is left out, in the index as in queries. */
#define WORD_MAX 64

enum word_kind {
	WORD_PLAIN,
	WORD_PAIR, /* two characters of a script without spaces */
	WORD_LAST, /* the last character of a run */
};

struct word {
	enum word_kind kind;
	size_t start, end; /* its place in the text, in bytes */
	size_t len;
	uint8_t text[WORD_MAX + FOLD_MAX];
};

struct words {
	struct slice text; /* valid UTF-8, borrowed */
	size_t at;
};

/* Takes the next word; false at the end. */
bool words_next(struct words *words, struct word *word);

#endif
