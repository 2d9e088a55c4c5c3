/*
 * The scores of rows while a question's words are looked for one after the other.
 */
#ifndef STORAGED_SEARCH_RANKING_SCORES_H
#define STORAGED_SEARCH_RANKING_SCORES_H

#include "storaged/search/ranking/ranking.h"

/* A hash table with open addresses; the row of an empty slot is 0. */
struct scores {
	struct ranked *slots;
	size_t n, size; /* size: a power of two */
};

void scores_clear(struct scores *scores);

/* The entry of a row, which is not 0; a new one has the score 0. */
struct ranked *scores_of(struct scores *scores, int64_t row);

#endif
