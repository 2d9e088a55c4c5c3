/*
 * The words of a text, without case, accents and punctuation. Scripts without spaces have a word for each character or
 * few of them.
 */
#ifndef WORKERD_KNOWLEDGE_FOLDED_WORDS_H
#define WORKERD_KNOWLEDGE_FOLDED_WORDS_H

#include <stdbool.h>

#include "proto/base/buf.h"

struct folded_words {
	uint8_t *text; /* NULL: there is none */
	char *breaks;
	size_t len, at;
};

/* text: valid UTF-8, not kept. */
void folded_words_init(struct folded_words *w, struct slice text);
void folded_words_clear(struct folded_words *w);

/* Takes the next word, valid until the text is cleared; false at the end. */
bool folded_words_next(struct folded_words *w, struct slice *word);

#endif
