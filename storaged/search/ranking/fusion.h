/*
 * Joins two rankings by reciprocal rank fusion: a row's score is the sum of 1 / (60 + its rank) of both (Cormack, Clarke,
 * Büttcher, 2009), here so that the first of both has 1.
 */
#ifndef STORAGED_SEARCH_RANKING_FUSION_H
#define STORAGED_SEARCH_RANKING_FUSION_H

#include "storaged/search/ranking/ranking.h"

struct fused {
	struct ranked
	    ranked;       /* with the words that it has, if it is among those found by words */
	float similarity; /* 0: it is not among the most similar ones */
};

/* Joins n found by words with m found by vectors, each best first; at most max into out. vectorless: whether a row
 * cannot have a vector: it counts as if it had the same rank among vectors. Returns their number. */
size_t fusion_join(const struct ranked *words, size_t n, const struct ranked *vectors, size_t m,
    bool (*vectorless)(void *arg, int64_t row), void *arg, struct fused *out, size_t max);

#endif
