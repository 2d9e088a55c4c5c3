/*
 * Splits text into the tokens of the passages' index: stems of words (stem.h), and of scripts without spaces
 * between words each character, and each with the next one.
 */
#ifndef STORAGED_SEARCH_LANGUAGE_TOKENS_H
#define STORAGED_SEARCH_LANGUAGE_TOKENS_H

#include "storaged/search/language/stem.h"

#define TOKEN_MAX (WORD_MAX + FOLD_MAX) /* bytes */

enum token_kind {
	TOKEN_WORD,
	TOKEN_CHARACTER,
	TOKEN_PAIR,
};

struct token {
	enum token_kind kind;
	size_t len;
	uint8_t text[TOKEN_MAX]; /* letters and digits only */
};

struct tokens {
	struct words words;
	const char *language;   /* as from language_from_tag() */
	struct token character; /* follows its pair; empty: none */
};

/* Borrows both. */
void tokens_init(struct tokens *t, struct slice text, const char *language);

/* Takes the next token; false at the end. */
bool tokens_next(struct tokens *t, struct token *token);

#endif
