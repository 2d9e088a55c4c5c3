/*
 * Words alone.
 */
#include "storaged/search/passages/find.h"

#include <math.h>
#include <string.h>

#include "proto/base/basics.h"

static uint32_t
find_score(float score)
{
	return score < 4e6f ? (uint32_t)lroundf(1000 * score) : UINT32_MAX;
}

/* Names what was ranked; rows that are gone by now are left out. */
static int
find_name(struct passages *ix, const struct ranking *ranking, size_t limit, struct found *found)
{
	for (size_t i = 0; i < ranking->n && found->n < limit; i++) {
		struct msg_passage_ref *hit = &found->hits[found->n];
		int rc = passages_read(ix, ranking->best[i].row, hit);

		if (rc < 0)
			return -1;
		hit->score = find_score(ranking->best[i].score);
		found->n += rc == 1;
	}
	return 0;
}

static unsigned
find_coverage(const struct ranking *ranking, const struct question *q)
{
	unsigned most = 0;

	for (size_t i = 0; i < ranking->n && i < FIND_BEST; i++) {
		unsigned coverage = ranking_coverage(ranking, q, ranking->best[i].words);

		if (coverage > most)
			most = coverage;
	}
	return most;
}

int
find_passages(struct content_follower *f, struct passages *ix, const struct msg_find *m,
    struct found *found)
{
	size_t limit = m->limit != 0 ? m->limit : FIND_LIMIT_DEFAULT;
	static struct question question;
	static struct scope scope;
	struct ranking ranking;
	int rc;

	(void)f;
	memset(found, 0, sizeof(*found));
	if (passages_scope(ix, &scope, &m->org, m->knowledge, m->sources) != 0)
		return -1;
	found->chunks = scope.chunks;
	found->bytes = scope.bytes;
	question_parse(&question, m->question, m->before, &scope.languages);
	rc = passages_rank(ix, &scope, &question, limit, &ranking);
	if (rc == 0)
		rc = find_name(ix, &ranking, limit, found);
	if (rc == 0)
		found->coverage = find_coverage(&ranking, &question);
	ranking_clear(&ranking);
	return rc;
}
