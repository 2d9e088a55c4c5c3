/*
 * Ranking: the formula of FTS5's bm25(), with a word for several tokens (its stems in several languages), weights of
 * words, and the length of a text in its row.
 *
 * bm25() reads the postings of each phrase twice, joins them row by row and looks up the length of each row. Here an
 * auxiliary function, called for the first row that matches, reads the postings of each token once (xQueryPhrase()),
 * and adds up the scores in a table: some 5 times as fast (make bench-search).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "storaged/search/passages/passages_internal.h"
#include "storaged/search/passages/top.h"

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

struct posting {
	int64_t row;
	float frequency;
};

/* The scores by row: a hash table with open addresses; a row of 0 is empty. */
struct scores {
	struct ranked *slots;
	size_t n, size; /* size: a power of two */
};

struct gathering {
	const struct scope *scope;
	const struct question *q;
	struct ranking *ranking;
	struct scores scores;
	struct posting *postings; /* of a word */
	size_t n, cap, limit;
	size_t kept, common; /* words */
	int64_t source;      /* of the row before */
	bool searched;       /* whether that is in the scope */
	float average;       /* tokens of a chunk */
};

uint8_t
length_code(unsigned tokens)
{
	float code = 16.0f * log2f(1.0f + (float)tokens);

	return code > 255 ? 255 : (uint8_t)lroundf(code);
}

float
length_of_code(uint8_t code)
{
	static float lengths[256];

	if (lengths[255] == 0)
		for (int i = 0; i < 256; i++)
			lengths[i] = exp2f((float)i / 16.0f) - 1.0f;
	return lengths[code];
}

static size_t
scores_slot(const struct scores *scores, int64_t row)
{
	size_t i = (uint64_t)row * UINT64_C(0x9e3779b97f4a7c15) >> 32 & (scores->size - 1);

	while (scores->slots[i].row != 0 && scores->slots[i].row != row)
		i = (i + 1) & (scores->size - 1);
	return i;
}

static void
scores_grow(struct scores *scores)
{
	struct scores larger = {
	    .n = scores->n, .size = scores->size == 0 ? 4096 : 2 * scores->size};

	larger.slots = xcalloc(larger.size, sizeof(*larger.slots));
	for (size_t i = 0; i < scores->size; i++)
		if (scores->slots[i].row != 0)
			larger.slots[scores_slot(&larger, scores->slots[i].row)] =
			    scores->slots[i];
	free(scores->slots);
	*scores = larger;
}

static struct ranked *
scores_of(struct scores *scores, int64_t row)
{
	struct ranked *slot;

	if (2 * scores->n >= scores->size)
		scores_grow(scores);
	slot = &scores->slots[scores_slot(scores, row)];
	if (slot->row == 0) {
		slot->row = row;
		scores->n++;
	}
	return slot;
}

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
		float length = length_of_code((uint8_t)p->row) / g->average;

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
	if (w->n > 1)
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
gather(const Fts5ExtensionApi *api, Fts5Context *fts, sqlite3_context *context, int n,
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
passages_register_gather(struct passages *ix, fts5_api *api)
{
	return api->xCreateFunction(api, "gather", ix, gather, NULL);
}

/* Writes the question in SQLite's syntax: its tokens, with their prefix, joined by OR. */
static void
rank_expression(const struct question *q, int64_t org, struct buf *out)
{
	char prefix[PREFIX_MAX];

	passages_prefix(org, prefix);
	for (size_t i = 0; i < q->n_tokens; i++) {
		struct slice token = question_token(q, i);

		must(buf_printf(out, "%s\"%s", i == 0 ? "" : " OR ", prefix) == 0);
		must(buf_append(out, token.p, token.len) == 0 && buf_append(out, "\"", 1) == 0);
	}
}

static int
rank_gather(struct passages *ix, struct gathering *g)
{
	sqlite3_stmt *run = passages_table_statement(ix, g->scope->org, TABLE_GATHER);
	struct buf expression;
	int rc;

	if (run == NULL)
		return -1;
	buf_init(&expression, QUESTION_BYTES + (PREFIX_MAX + 8) * QUESTION_TOKENS);
	rank_expression(g->q, g->scope->org, &expression);
	database_bind_text(run, 1, buf_slice(&expression));
	ix->gathering = g;
	rc = database_run(&ix->db, run);
	ix->gathering = NULL;
	buf_clear(&expression);
	return rc;
}

static void
rank_select(struct ranking *ranking, const struct scores *scores, size_t max)
{
	struct top top = {.best = ranking->best, .max = max};

	for (size_t i = 0; i < scores->size; i++)
		if (scores->slots[i].row != 0 && top_takes(&top, &scores->slots[i]))
			top_add(&top, &scores->slots[i]);
	ranking->n = top.n;
}

static size_t
rank_limit(const struct scope *scope)
{
	size_t limit = scope->chunks / 4;

	if (limit < COMMON_LEAST)
		limit = COMMON_LEAST;
	return limit < COMMON_MOST ? limit + 1 : COMMON_MOST;
}

int
passages_rank(struct passages *ix, const struct scope *scope, const struct question *q,
    size_t max, struct ranking *ranking)
{
	struct gathering g = {.scope = scope,
	    .q = q,
	    .ranking = ranking,
	    .limit = rank_limit(scope),
	    .source = -1};
	int rc = 0;

	*ranking = (struct ranking){.best = xcalloc(max, sizeof(*ranking->best))};
	if (scope->chunks == 0 || q->n_tokens == 0 || max == 0)
		return 0;
	g.average = (float)scope->tokens / (float)scope->chunks;
	if (g.average < 1)
		g.average = 1;
	for (size_t i = 0; i < q->n_words; i++)
		ranking->weights[i] = gather_idf(&g, 0);
	rc = rank_gather(ix, &g);
	if (rc == 0)
		rank_select(ranking, &g.scores, max);
	free(g.scores.slots);
	free(g.postings);
	return rc;
}

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

int
passages_read(struct passages *ix, int64_t row, struct msg_passage_ref *ref)
{
	sqlite3_stmt *read = passages_statement(ix, PASSAGES_CHUNK_REF);
	struct slice hash;
	int found;

	if (read == NULL)
		return -1;
	sqlite3_bind_int64(read, 1, row);
	found = database_step(&ix->db, read);
	if (found != 1)
		return found;
	*ref = (struct msg_passage_ref){.kind = (uint8_t)sqlite3_column_int(read, 0),
	    .source = database_column_id(read, 1),
	    .id = database_column_id(read, 2),
	    .index = (uint32_t)sqlite3_column_int64(read, 3)};
	hash = database_column_slice(read, 4);
	if (hash.len == sizeof(ref->hash.b))
		memcpy(ref->hash.b, hash.p, hash.len);
	sqlite3_reset(read);
	return 1;
}
