/*
 * From the newest shard to the oldest, in each from the newest row to the oldest. FTS5 finds the rows that
 * contain the words and the organization's word; filters look at the parent of each.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/search/index_internal.h"

/* Room for a query in SQLite's syntax: words with a space each, and for each term quotes, star and AND. */
#define EXPRESSION_MAX                                                                         \
	(sizeof(((struct query *)NULL)->text) + QUERY_WORDS_MAX + QUERY_TERMS_MAX * 16 + 128 + \
	    INDEX_MARKS_MAX * 16)

/* Rows between two looks at the clock. */
#define ROWS_PER_LOOK 32

struct search {
	struct index *ix;
	const struct index_filter *filter;
	struct slice expression;
	unsigned wanted, found, rows;
	uint64_t deadline_ns;
	index_result_fn *fn;
	void *arg;
	int64_t from, before; /* rows */
	bool full;            /* the page ends before the search does; before is its cursor */
};

/* Each mark, as another word that the column must have. */
static int
search_add_marks(struct slice marks, struct buf *out)
{
	int rc = 0;

	while (rc == 0 && marks.len > 0) {
		const uint8_t *space = memchr(marks.p, ' ', marks.len);
		size_t len = space == NULL ? marks.len : (size_t)(space - marks.p);

		rc =
		    buf_printf(out, " AND {scope} : \"%.*s\"", (int)len, (const char *)marks.p);
		marks.p += space == NULL ? len : len + 1;
		marks.len -= space == NULL ? len : len + 1;
	}
	return rc;
}

static int
search_expression(const struct query *q, const struct index_filter *filter, struct buf *out)
{
	char scope[INDEX_SCOPE_MAX];

	index_scope(&filter->org, scope);
	if (buf_printf(out, "{scope} : \"%s\"", scope) != 0 ||
	    search_add_marks(filter->marks, out) != 0)
		return -1;
	if (q->n_terms == 0)
		return 0;
	if (buf_append_str(out, " AND {text} : (") != 0 || query_print(q, out) != 0)
		return -1;
	return buf_append_str(out, ")");
}

static bool
search_is(const struct id *wanted, const struct id *is)
{
	return id_is_zero(wanted) || id_equal(wanted, is);
}

static bool
search_has_tag(const struct id *tag, struct slice tags)
{
	for (size_t at = 0; at + sizeof(tag->b) <= tags.len; at += sizeof(tag->b))
		if (memcmp(tags.p + at, tag->b, sizeof(tag->b)) == 0)
			return true;
	return id_is_zero(tag);
}

/* Whether the document that was read matches the filter. That of an erased parent, which has no id, does not. */
static bool
search_passes(const struct index_filter *filter, sqlite3_stmt *document)
{
	struct id parent = database_column_id(document, 3);
	struct id org = database_column_id(document, 4);
	struct id widget = database_column_id(document, 5);
	struct id contact = database_column_id(document, 6);
	int state = sqlite3_column_int(document, 7);

	return !id_is_zero(&parent) && id_equal(&filter->org, &org) &&
	    search_is(&filter->widget, &widget) && search_is(&filter->contact, &contact) &&
	    (filter->state == 0 || filter->state - 1 == state) &&
	    search_has_tag(&filter->tag, database_column_slice(document, 8));
}

/* Passes the document on as a result. 0, or -1 if it does not fit. */
static int
search_deliver(struct search *s, sqlite3_stmt *document, int64_t row)
{
	struct index_result result = {.kind = (uint8_t)sqlite3_column_int(document, 0),
	    .id = database_column_id(document, 1),
	    .text = database_column_slice(document, 2),
	    .parent = database_column_id(document, 3),
	    .at = (uint64_t)row >> SEQ_BITS};

	if (s->fn(s->arg, &result) != 0)
		return -1;
	s->found++;
	return 0;
}

/* 1: the page is full before this row, 0: go on, -1: failed. */
static int
search_row(struct search *s, int64_t row)
{
	sqlite3_stmt *document = index_statement(s->ix, STATEMENT_DOCUMENT_READ);
	int rc, result = 0;

	if (document == NULL)
		return -1;
	sqlite3_bind_int64(document, 1, row);
	rc = sqlite3_step(document);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return database_fail(&s->ix->db);
	if (rc == SQLITE_ROW && search_passes(s->filter, document))
		result = search_deliver(s, document, row) == 0 ? 0 : 1;
	sqlite3_reset(document);
	return result;
}

/* Whether the page ends behind the row or the shard that was searched. */
static bool
search_is_over(const struct search *s)
{
	return s->found == s->wanted || clock_mono_ns() >= s->deadline_ns;
}

/* Takes the rows of a statement. 1: the page is full. */
static int
search_rows(struct search *s, sqlite3_stmt *rows)
{
	int rc;

	while ((rc = sqlite3_step(rows)) == SQLITE_ROW) {
		int64_t row = sqlite3_column_int64(rows, 0);
		int result = search_row(s, row);

		if (result != 0)
			return result;
		s->before = row;
		if (s->found == s->wanted ||
		    (++s->rows % ROWS_PER_LOOK == 0 && search_is_over(s)))
			return 1;
	}
	return rc == SQLITE_DONE ? 0 : database_fail(&s->ix->db);
}

static int
search_shard(struct search *s, struct shard *shard)
{
	sqlite3_stmt *rows = index_shard_statement(s->ix, shard, SHARD_SEARCH);
	int result;

	if (rows == NULL)
		return -1;
	database_bind_text(rows, 1, s->expression);
	sqlite3_bind_int64(rows, 2, s->from);
	sqlite3_bind_int64(rows, 3, s->before);
	result = search_rows(s, rows);
	sqlite3_reset(rows);
	return result;
}

static int
search_shards(struct search *s)
{
	for (size_t i = s->ix->n_shards; i > 0; i--) {
		struct shard *shard = &s->ix->shards[i - 1];
		bool oldest = i == 1 || shard->first <= s->from;
		int result;

		if (i > 1 && shard->first >= s->before)
			continue;
		result = search_shard(s, shard);
		if (result != 0)
			return result;
		if (oldest)
			return 0;
		s->before = shard->first;
		if (search_is_over(s))
			return 1;
	}
	return 0;
}

/* The row with the least number of a time. */
static int64_t
search_row_of(uint64_t ms)
{
	return ms >= (uint64_t)INT64_MAX >> SEQ_BITS ? INT64_MAX : (int64_t)(ms << SEQ_BITS);
}

static void
search_bound(struct search *s, const struct index_filter *filter)
{
	s->from = search_row_of(filter->from);
	s->before = filter->to == 0 ? INT64_MAX : search_row_of(filter->to);
	if (filter->before != 0 && filter->before < (uint64_t)s->before)
		s->before = (int64_t)filter->before;
}

int
index_search(struct index *ix, const struct query *q, const struct index_filter *filter,
    unsigned limit, unsigned budget_ms, index_result_fn *fn, void *arg, uint64_t *next)
{
	struct search s = {.ix = ix,
	    .filter = filter,
	    .wanted = limit,
	    .deadline_ns = clock_mono_ns() + budget_ms * UINT64_C(1000000),
	    .fn = fn,
	    .arg = arg};
	struct buf expression;
	int result;

	buf_init(&expression, EXPRESSION_MAX);
	must(search_expression(q, filter, &expression) == 0);
	s.expression = buf_slice(&expression);
	search_bound(&s, filter);
	result = search_shards(&s);
	buf_clear(&expression);
	*next = result == 1 ? (uint64_t)s.before : 0;
	return result < 0 ? -1 : 0;
}
