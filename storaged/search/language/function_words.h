/*
 * Function words (function_words.def): they are left out of questions.
 */
#ifndef STORAGED_SEARCH_LANGUAGE_FUNCTION_WORDS_H
#define STORAGED_SEARCH_LANGUAGE_FUNCTION_WORDS_H

#include "storaged/search/language/stem.h"

/* The languages, as a set of bits, in which a folded word is a function word. */
uint32_t function_word_in(const struct word *word);

/* The bit of a language; 0: it has no list. */
uint32_t function_words_of(const char *language);

#endif
