/*
 * Brings a word to its stem, by libstemmer, so that "deliveries" finds "delivery".
 *
 * A stemmer needs accents, which the index ignores: a word is lower-cased, stemmed, then folded (text/fold.h).
 */
#ifndef STORAGED_SEARCH_LANGUAGE_STEM_H
#define STORAGED_SEARCH_LANGUAGE_STEM_H

#include "proto/text/language.h"
#include "storaged/search/text/words.h"

/* Writes the stem of a word of this text to out, folded; the folded word itself if the language has no stemmer.
 * Returns its bytes. */
size_t stem_word(const char *language, const struct word *word, struct slice text,
    uint8_t out[WORD_MAX + FOLD_MAX]);

#endif
