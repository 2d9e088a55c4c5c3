/*
 * The number of a chunk's row: 24 bits of its source, 31 bits that count, 8 bits of its length.
 */
#ifndef STORAGED_SEARCH_RANKING_ROW_H
#define STORAGED_SEARCH_RANKING_ROW_H

#include <stdint.h>

#define ROW_LENGTH_BITS  8
#define ROW_COUNTER_BITS 31
#define ROW_SOURCE_SHIFT (ROW_LENGTH_BITS + ROW_COUNTER_BITS)
#define ROW_SOURCES      (INT64_C(1) << 24)
#define ROW_COUNTERS     (INT64_C(1) << ROW_COUNTER_BITS)

static inline int64_t
row_source(int64_t row)
{
	return row >> ROW_SOURCE_SHIFT;
}

static inline int64_t
row_counter(int64_t row)
{
	return row >> ROW_LENGTH_BITS & (ROW_COUNTERS - 1);
}

static inline int64_t
row_make(int64_t source, int64_t counter, uint8_t length)
{
	return source << ROW_SOURCE_SHIFT | counter << ROW_LENGTH_BITS | length;
}

/* The code of a text's length in tokens, within 2 %, and the length of a row's text. */
uint8_t row_length_code(unsigned tokens);
float row_length(int64_t row);

#endif
