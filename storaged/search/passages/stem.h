/*
 * Brings a word to its stem, by libstemmer, so that "deliveries" finds "delivery".
 *
 * A stemmer needs accents, which the index ignores: a word is lower-cased, stemmed, then folded (text/fold.h).
 */
#ifndef STORAGED_SEARCH_PASSAGES_STEM_H
#define STORAGED_SEARCH_PASSAGES_STEM_H

#include "storaged/search/text/words.h"

#define LANGUAGE_MAX 8 /* bytes with the NUL */

/* The part of a language tag that counts, in lower case: "de" of "de-AT"; "" if it is none (RFC 5646, 2.2.1). */
void language_of_tag(char language[LANGUAGE_MAX], struct slice tag);

/* Writes the stem of a word of this text to out, folded; the folded word itself if the language has no stemmer.
 * Returns its bytes. */
size_t stem_word(const char *language, const struct word *word, struct slice text,
    uint8_t out[WORD_MAX + FOLD_MAX]);

#endif
