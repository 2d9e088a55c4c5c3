/*
 * What a question finds.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "storaged/search/passages/gather.h"
#include "storaged/search/ranking/top.h"

/* Writes the question in SQLite's syntax: its tokens, with their prefix, joined by OR. */
static void
passages_expression(const struct question *q, int64_t org, struct buf *out)
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
passages_gather(struct passages *ix, struct gathering *g)
{
	sqlite3_stmt *run = passages_table_statement(ix, g->scope->org, TABLE_GATHER);
	struct buf expression;
	int rc;

	if (run == NULL)
		return -1;
	buf_init(&expression, QUESTION_BYTES + (PREFIX_MAX + 8) * QUESTION_TOKENS);
	passages_expression(g->q, g->scope->org, &expression);
	database_bind_text(run, 1, buf_slice(&expression));
	ix->gathering = g;
	rc = database_run(&ix->db, run);
	ix->gathering = NULL;
	buf_clear(&expression);
	return rc;
}

static void
passages_select(struct ranking *ranking, const struct scores *scores, size_t max)
{
	struct top top = {.best = ranking->best, .max = max};

	for (size_t i = 0; i < scores->size; i++)
		if (scores->slots[i].row != 0 && top_takes(&top, &scores->slots[i]))
			top_add(&top, &scores->slots[i]);
	ranking->n = top.n;
}

int
passages_rank(struct passages *ix, const struct scope *scope, const struct question *q,
    size_t max, struct ranking *ranking)
{
	struct gathering g;
	int rc;

	*ranking = (struct ranking){.best = xcalloc(max, sizeof(*ranking->best))};
	if (scope->chunks == 0 || q->n_tokens == 0 || max == 0)
		return 0;
	gather_init(&g, scope, q, ranking);
	rc = passages_gather(ix, &g);
	if (rc == 0)
		passages_select(ranking, &g.scores, max);
	gather_clear(&g);
	return rc;
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
		must(slice_copy(hash, ref->hash.b, sizeof(ref->hash.b)));
	sqlite3_reset(read);
	return 1;
}
