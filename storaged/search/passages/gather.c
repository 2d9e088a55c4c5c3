/*
 * The formula is that of FTS5's bm25(), with a word for several tokens (its stems in several languages), weights of
 * words, and the length of a text in its row.
 *
 * bm25() reads the postings of each phrase twice, joins them row by row and looks up the length of each row. Here an
 * auxiliary function, called for the first row that matches, reads the postings of each token once (xQueryPhrase()),
 * and adds up the scores in a table: many times as fast (make bench-search).
 */
#include "storaged/search/passages/gather.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "storaged/search/ranking/row.h"

/* As in FTS5. */
#define K1        1.2f
#define B         0.75f
#define IDF_LEAST 1e-6f

/* A word in more of the chunks is left out: over a quarter of them, but a small collection has no such words, and in
 * a large one reading its postings would take too long. */
#define COMMON_LEAST 100
#define COMMON_MOST  65536

static const float column_weights[COLUMNS] = {
    [COLUMN_TITLE] = 2.0f, [COLUMN_HEADING] = 2.0f, [COLUMN_TEXT] = 1.0f};

static bool
gather_searches(struct gathering *g, int64_t row)
{
	int64_t source = row_source(row);

	if (source != g->source) {
		g->source = source;
		g->searched = scope_has_row(g->scope, row);
	}
	return g->searched;
}

static float
gather_frequency(const Fts5ExtensionApi *api, Fts5Context *fts)
{
	Fts5PhraseIter at;
	int column, offset;
	float frequency = 0;

	if (api->xPhraseFirst(fts, 0, &at, &column, &offset) != SQLITE_OK)
		return 0;
	for (; column >= 0; api->xPhraseNext(fts, &at, &column, &offset))
		frequency += column < COLUMNS ? column_weights[column] : 0;
	return frequency;
}

/* Takes a row that contains the token. */
static int
gather_take(const Fts5ExtensionApi *api, Fts5Context *fts, void *arg)
{
	struct gathering *g = arg;
	int64_t row = api->xRowid(fts);

	if (!gather_searches(g, row))
		return SQLITE_OK;
	if (g->n >= g->limit)
		return SQLITE_DONE;
	if (g->n == g->cap) {
		g->cap = g->cap == 0 ? 1024 : 2 * g->cap;
		g->postings = xreallocarray(g->postings, g->cap, sizeof(*g->postings));
	}
	g->postings[g->n++] =
	    (struct posting){.row = row, .frequency = gather_frequency(api, fts)};
	return SQLITE_OK;
}

static int
gather_compare(const void *a, const void *b)
{
	const struct posting *x = a, *y = b;

	return (x->row > y->row) - (x->row < y->row);
}

/* Adds up the postings of a word's tokens by row. */
static void
gather_join(struct gathering *g)
{
	size_t n = 0;

	if (g->n > 0)
		qsort(g->postings, g->n, sizeof(*g->postings), gather_compare);
	for (size_t i = 0; i < g->n; i++)
		if (n > 0 && g->postings[n - 1].row == g->postings[i].row)
			g->postings[n - 1].frequency += g->postings[i].frequency;
		else
			g->postings[n++] = g->postings[i];
	g->n = n;
}

static float
gather_idf(const struct gathering *g, size_t n)
{
	float all = (float)g->scope->chunks, with = (float)n;
	float idf = logf((all - with + 0.5f) / (with + 0.5f));

	return idf > IDF_LEAST ? idf : IDF_LEAST;
}

static void
gather_score(struct gathering *g, size_t word)
{
	float idf = g->ranking->weights[word], weight = g->q->words[word].weight * idf;

	for (size_t i = 0; i < g->n; i++) {
		const struct posting *p = &g->postings[i];
		struct ranked *ranked = scores_of(&g->scores, p->row);
		float length = row_length(p->row) / g->average;

		ranked->words |= UINT64_C(1) << word;
		ranked->score += weight * p->frequency * (K1 + 1) /
		    (p->frequency + K1 * (1 - B + B * length));
	}
}

/* Reads the postings of a word. A phrase of the expression is a token of the question. */
static int
gather_word(struct gathering *g, const Fts5ExtensionApi *api, Fts5Context *fts, size_t word)
{
	const struct question_word *w = &g->q->words[word];

	g->n = 0;
	for (int i = 0; i < w->n; i++) {
		int rc = api->xQueryPhrase(fts, w->first + i, g, gather_take);

		if (rc != SQLITE_OK)
			return rc;
	}
	if (g->n >= g->limit) {
		g->ranking->weights[word] = 0;
		g->common++;
		return SQLITE_OK;
	}
	if (w->n > 1 && g->n > 1)
		gather_join(g);
	g->ranking->weights[word] = gather_idf(g, g->n);
	g->kept += g->n > 0;
	gather_score(g, word);
	return SQLITE_OK;
}

/* The words that are rare enough; if there are none, all. */
static int
gather_words(struct gathering *g, const Fts5ExtensionApi *api, Fts5Context *fts)
{
	int rc = SQLITE_OK;

	for (size_t i = 0; rc == SQLITE_OK && i < g->q->n_words; i++)
		rc = gather_word(g, api, fts, i);
	if (rc != SQLITE_OK || g->kept > 0 || g->common == 0 || g->limit > COMMON_MOST)
		return rc;
	g->limit = COMMON_MOST + 1;
	return gather_words(g, api, fts);
}

static void
gather_call(const Fts5ExtensionApi *api, Fts5Context *fts, sqlite3_context *context, int n,
    sqlite3_value **values)
{
	struct passages *ix = api->xUserData(fts);
	int rc;

	(void)n;
	(void)values;
	if (ix->gathering == NULL)
		return;
	rc = gather_words(ix->gathering, api, fts);
	if (rc != SQLITE_OK)
		sqlite3_result_error_code(context, rc);
}

int
gather_register(struct passages *ix, fts5_api *api)
{
	return api->xCreateFunction(api, "gather", ix, gather_call, NULL);
}

static size_t
gather_limit(const struct scope *scope)
{
	size_t limit = scope->chunks / 4;

	if (limit < COMMON_LEAST)
		limit = COMMON_LEAST;
	return limit < COMMON_MOST ? limit + 1 : COMMON_MOST;
}

void
gather_init(struct gathering *g, const struct scope *scope, const struct question *q,
    struct ranking *ranking)
{
	*g = (struct gathering){.scope = scope,
	    .q = q,
	    .ranking = ranking,
	    .limit = gather_limit(scope),
	    .source = -1,
	    .average = (float)scope->tokens / (float)scope->chunks};
	if (g->average < 1)
		g->average = 1;
	for (size_t i = 0; i < q->n_words; i++)
		ranking->weights[i] = gather_idf(g, 0);
}

void
gather_clear(struct gathering *g)
{
	scores_clear(&g->scores);
	free(g->postings);
}
