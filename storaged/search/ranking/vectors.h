/*
 * The vectors of an organization's chunks, of one model, in memory: signed bytes, compared one by one with a
 * question's vector.
 */
#ifndef STORAGED_SEARCH_RANKING_VECTORS_H
#define STORAGED_SEARCH_RANKING_VECTORS_H

#include "storaged/search/ranking/ranking.h"

#define VECTOR_MAX 4096u /* numbers, as in messages.def */

struct vectors {
	size_t numbers,
	    stride; /* values of a vector, without and with its padding; 0 before the first one */
	size_t n, cap;
	int8_t *values;
	int64_t *rows;
	float *lengths; /* one through the length */
};

void vectors_clear(struct vectors *v);

/* Adds the vector of a row that has none. One of other numbers than the first is left out. */
void vectors_add(struct vectors *v, int64_t row, struct slice values);

/* Removes the vectors of rows, which are sorted. */
void vectors_remove(struct vectors *v, const int64_t *rows, size_t n);

/* Removes those of a source. */
void vectors_remove_source(struct vectors *v, int64_t source);

/* Bytes of memory. */
size_t vectors_bytes(const struct vectors *v);

/* Finds the rows of the scope that are most similar to a question, at most max; their scores are cosines. The vector
 * has as many numbers as the others, else nothing is found. best has room for max. Returns their number. */
size_t vectors_find(const struct vectors *v, const struct scope *scope, const float *question,
    size_t numbers, struct ranked *best, size_t max);

#endif
