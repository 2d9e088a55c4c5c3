/*
 * The best of many ranked rows, in their order; rows of equal scores are in the order of the store.
 */
#ifndef STORAGED_SEARCH_RANKING_TOP_H
#define STORAGED_SEARCH_RANKING_TOP_H

#include "storaged/search/ranking/ranking.h"

struct top {
	struct ranked *best; /* room for max, which is not 0 */
	size_t n, max;
};

static inline bool
top_is_before(const struct ranked *a, const struct ranked *b)
{
	return a->score != b->score ? a->score > b->score : a->row < b->row;
}

/* Whether it would be among them. */
static inline bool
top_takes(const struct top *top, const struct ranked *ranked)
{
	return top->n < top->max || top_is_before(ranked, &top->best[top->n - 1]);
}

/* Adds one that it takes. */
void top_add(struct top *top, const struct ranked *ranked);

#endif
