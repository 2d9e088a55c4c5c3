/*
 * By words; with a vector also by similarity, if the vectors are in memory: both rankings are joined then.
 */
#include "storaged/search/passages/find.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "storaged/search/ranking/fusion.h"

struct finding {
	struct content_follower *follower;
	struct passages *ix;
	const struct msg_find *m;
	struct scope scope;
	struct question question;
	struct ranking ranking;
	bool failed;
};

static uint32_t
find_score(float score)
{
	return score > 0 && score < 4e6f ? (uint32_t)lroundf(1000 * score) : 0;
}

static unsigned
find_similarity(float similarity)
{
	float share = (similarity - SIMILARITY_NONE) / (SIMILARITY_ALL - SIMILARITY_NONE);

	return share <= 0 ? 0 : share >= 1 ? 1000 : (unsigned)lroundf(1000 * share);
}

/* Adds a hit; a row that is gone by now is left out. 0 or -1. */
static int
find_add(struct finding *g, const struct fused *fused, struct found *found)
{
	struct msg_passage_ref *hit = &found->hits[found->n];
	int rc = passages_read(g->ix, fused->ranked.row, hit);
	unsigned words, similar;

	if (rc != 1)
		return rc;
	hit->score = find_score(fused->ranked.score);
	if (found->n++ >= FIND_BEST)
		return 0;
	words = ranking_coverage(&g->ranking, &g->question, fused->ranked.words);
	similar = find_similarity(fused->similarity);
	if (words > found->coverage)
		found->coverage = words;
	if (similar > found->coverage)
		found->coverage = similar;
	return 0;
}

static int
find_add_words(struct finding *g, size_t limit, struct found *found)
{
	for (size_t i = 0; i < g->ranking.n && found->n < limit; i++)
		if (find_add(g, &(struct fused){.ranked = g->ranking.best[i]}, found) != 0)
			return -1;
	return 0;
}

/* Answers of the owner have no vectors. */
static bool
find_is_vectorless(void *arg, int64_t row)
{
	struct finding *g = arg;
	struct msg_passage_ref ref;
	int rc = passages_read(g->ix, row, &ref);

	g->failed |= rc < 0;
	return rc == 1 && ref.kind == PASSAGE_ANSWER;
}

static int
find_add_joined(
    struct finding *g, const struct vectors *vectors, size_t limit, struct found *found)
{
	static struct ranked similar[FIND_JOINED];
	static struct fused joined[2 * FIND_JOINED];
	static float numbers[VECTOR_MAX];
	size_t n = g->m->vector.len / sizeof(numbers[0]);

	memcpy(numbers, g->m->vector.p, n * sizeof(numbers[0]));
	n = vectors_find(vectors, &g->scope, numbers, n, similar, FIND_JOINED);
	n = fusion_join(g->ranking.best, g->ranking.n, similar, n, find_is_vectorless, g,
	    joined, ARRAY_LEN(joined));
	for (size_t i = 0; i < n && found->n < limit && !g->failed; i++)
		if (find_add(g, &joined[i], found) != 0)
			return -1;
	return g->failed ? -1 : 0;
}

/* The organization's vectors; NULL: words alone. */
static const struct vectors *
find_vectors(struct finding *g)
{
	if (g->m->model.len == 0 || g->m->vector.len == 0 || g->scope.chunks == 0)
		return NULL;
	return content_follower_vectors(g->follower, &g->m->org, g->m->model);
}

static int
find_rank(struct finding *g, struct found *found)
{
	size_t limit = g->m->limit != 0 ? g->m->limit : FIND_LIMIT_DEFAULT;
	const struct vectors *vectors = find_vectors(g);

	question_parse(&g->question, g->m->question, g->m->before, &g->scope.languages);
	if (passages_rank(g->ix, &g->scope, &g->question, vectors != NULL ? FIND_JOINED : limit,
		&g->ranking) != 0)
		return -1;
	return vectors != NULL ? find_add_joined(g, vectors, limit, found)
			       : find_add_words(g, limit, found);
}

int
find_passages(struct content_follower *f, struct passages *ix, const struct msg_find *m,
    struct found *found)
{
	struct finding *g = xcalloc(1, sizeof(*g));
	int rc;

	g->follower = f;
	g->ix = ix;
	g->m = m;
	memset(found, 0, sizeof(*found));
	rc = passages_scope(ix, &g->scope, &m->org, m->knowledge, m->sources);
	if (rc == 0) {
		found->chunks = g->scope.chunks;
		found->bytes = g->scope.bytes;
		rc = find_rank(g, found);
	}
	ranking_clear(&g->ranking);
	free(g);
	return rc;
}
