/*
 * Insertion into a sorted array: few of many rows get so far.
 */
#include "storaged/search/ranking/top.h"

void
top_add(struct top *top, const struct ranked *ranked)
{
	size_t i = top->n < top->max ? top->n++ : top->n - 1;

	for (; i > 0 && top_is_before(ranked, &top->best[i - 1]); i--)
		top->best[i] = top->best[i - 1];
	top->best[i] = *ranked;
}
