/*
 * The weights of words.
 */
#include "storaged/search/ranking/ranking.h"

#include <math.h>
#include <stdlib.h>

void
ranking_clear(struct ranking *ranking)
{
	free(ranking->best);
	*ranking = (struct ranking){0};
}

unsigned
ranking_coverage(const struct ranking *ranking, const struct question *q, uint64_t words)
{
	float has = 0, all = 0;

	for (size_t i = 0; i < q->n_words; i++) {
		if (!q->words[i].counts)
			continue;
		all += ranking->weights[i];
		if ((words >> i & 1) != 0)
			has += ranking->weights[i];
	}
	return all > 0 ? (unsigned)lroundf(1000 * has / all) : 0;
}
