/*
 * The product of a vector of signed bytes and one of 16-bit numbers, with the vector instructions that the processor
 * has.
 */
#ifndef STORAGED_SEARCH_RANKING_DOT_H
#define STORAGED_SEARCH_RANKING_DOT_H

#include <stddef.h>
#include <stdint.h>

/* Numbers of a vector are a multiple of this, with zeros behind. */
#define DOT_STEP 32u

/* With numbers of b within ±DOT_MOST, the sum of 4,096 products fits. */
#define DOT_MOST 4095

typedef int32_t dot_fn(const int8_t *a, const int16_t *b, size_t n);

/* The fastest one for this processor. */
dot_fn *dot_best(void);

/* The one that any processor has. */
int32_t dot_plain(const int8_t *a, const int16_t *b, size_t n);

#endif
