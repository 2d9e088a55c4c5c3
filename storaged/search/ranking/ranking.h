/*
 * Chunks in the order of how well they fit a question.
 */
#ifndef STORAGED_SEARCH_RANKING_RANKING_H
#define STORAGED_SEARCH_RANKING_RANKING_H

#include "storaged/search/ranking/scope.h"

/* A chunk that was found. */
struct ranked {
	int64_t row;
	float score;
	uint64_t words; /* of the question, as bits */
};

struct ranking {
	struct ranked *best; /* best first */
	size_t n;
	float
	    weights[QUESTION_WORDS]; /* of each word of the question: its rarity; 0: left out */
};

void ranking_clear(struct ranking *ranking);

/* Thousandths of the question's weight that a chunk with these words has. */
unsigned ranking_coverage(
    const struct ranking *ranking, const struct question *q, uint64_t words);

#endif
