/*
 * The lists are short: rows are looked for one after the other.
 */
#include "storaged/search/ranking/fusion.h"

#include <stdlib.h>

#include "proto/base/basics.h"
#include "storaged/search/ranking/top.h"

#define K 60

static float
fusion_of_rank(size_t i)
{
	return (float)(K + 1) / 2 / (float)(K + 1 + i);
}

static int
fusion_compare(const void *a, const void *b)
{
	const struct fused *x = a, *y = b;

	return top_is_before(&x->ranked, &y->ranked) ? -1 : 1;
}

static struct fused *
fusion_find(struct fused *all, size_t n, int64_t row)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].ranked.row == row)
			return &all[i];
	return NULL;
}

size_t
fusion_join(const struct ranked *words, size_t n, const struct ranked *vectors, size_t m,
    bool (*vectorless)(void *arg, int64_t row), void *arg, struct fused *out, size_t max)
{
	struct fused *all = xcalloc(n + m + 1, sizeof(*all));
	size_t total = n;

	for (size_t i = 0; i < n; i++) {
		all[i].ranked = words[i];
		all[i].ranked.score =
		    fusion_of_rank(i) * (vectorless(arg, words[i].row) ? 2.0f : 1.0f);
	}
	for (size_t i = 0; i < m; i++) {
		struct fused *fused = fusion_find(all, n, vectors[i].row);

		if (fused == NULL) {
			fused = &all[total++];
			fused->ranked = (struct ranked){.row = vectors[i].row};
		}
		fused->ranked.score += fusion_of_rank(i);
		fused->similarity = vectors[i].score;
	}
	qsort(all, total, sizeof(*all), fusion_compare);
	if (total > max)
		total = max;
	for (size_t i = 0; i < total; i++)
		out[i] = all[i];
	free(all);
	return total;
}
