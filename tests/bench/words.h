/*
 * Texts for benchmarks of the search: words as frequent as in a language (the n-th with about 1/n). The same in each
 * run.
 */
#ifndef TESTS_BENCH_WORDS_H
#define TESTS_BENCH_WORDS_H

#include <stddef.h>
#include <stdint.h>

#define WORDS          20000u
#define WORDS_TEXT_MAX 2048 /* bytes of a text */

uint32_t words_random(void);

/* The number of a random word. */
unsigned words_pick(void);

/* Writes the n-th word and a space; returns the bytes. */
size_t words_put(char *out, unsigned n);

/* Writes a text of 5 to 54 words; returns its bytes. */
size_t words_put_text(char *out);

/* The n-th of the searches: two words, one in ten times a rare one. Returns the bytes. */
size_t words_put_query(char *out);

#endif
