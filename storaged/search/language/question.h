/*
 * A question as the index looks for it: its words, each with its tokens (a stem for each language).
 *
 * Function words are left out, unless there is nothing else. Words of the question before follow with lower weight.
 */
#ifndef STORAGED_SEARCH_LANGUAGE_QUESTION_H
#define STORAGED_SEARCH_LANGUAGE_QUESTION_H

#include "storaged/search/language/tokens.h"

/* Further words are left out: a passage's words are bits of a number. */
#define QUESTION_WORDS  64
#define QUESTION_TOKENS 256
#define QUESTION_BYTES  8192

#define LANGUAGES_MAX 16

/* What a word of the question before counts, and a single character within a run of them. */
#define WEIGHT_BEFORE    0.3f
#define WEIGHT_CHARACTER 0.2f

struct question_word {
	uint16_t first, n; /* of the question's tokens */
	float weight;
	bool counts; /* for the coverage */
};

struct question {
	struct question_word words[QUESTION_WORDS];
	size_t n_words, n_tokens, len;
	uint16_t ends[QUESTION_TOKENS];
	uint8_t text[QUESTION_BYTES];
};

struct languages {
	char names[LANGUAGES_MAX][LANGUAGE_MAX + 1];
	size_t n;
};

/* Takes the words of a question and of the one before; valid UTF-8. languages: those of the texts. */
void question_parse(struct question *q, struct slice text, struct slice before,
    const struct languages *languages);

/* The token with this number. */
struct slice question_token(const struct question *q, size_t n);

#endif
