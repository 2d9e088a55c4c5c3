/*
 * Which shard holds which rows.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/search/index_internal.h"

/* Pending words of a transaction before FTS5 writes them: one segment for a whole shard while the index is
 * built. The default is 1 MiB. */
#define HASH_BYTES "16777216"

/* From when on a time is in the future. */
#define FUTURE_MS (UINT64_C(24) * 3600 * 1000)

/* Adds a shard before the i-th. */
static struct shard *
index_shard_insert(struct index *ix, size_t i, const struct shard *shard)
{
	ix->shards = xreallocarray(ix->shards, ix->n_shards + 1, sizeof(*shard));
	memmove(&ix->shards[i + 1], &ix->shards[i], (ix->n_shards - i) * sizeof(*shard));
	ix->shards[i] = *shard;
	ix->n_shards++;
	return &ix->shards[i];
}

static void
index_shard_clear(struct shard *shard)
{
	for (size_t i = 0; i < SHARD_STATEMENTS; i++)
		sqlite3_finalize(shard->statements[i]);
}

void
index_shards_clear(struct index *ix)
{
	for (size_t i = 0; i < ix->n_shards; i++)
		index_shard_clear(&ix->shards[i]);
	free(ix->shards);
	ix->shards = NULL;
	ix->n_shards = 0;
}

/* The last row of the last shard, from which a new one may start. */
static int
index_shards_load_last(struct index *ix)
{
	sqlite3_stmt *last = index_statement(ix, STATEMENT_DOCUMENT_LAST);

	if (last == NULL)
		return -1;
	sqlite3_bind_int64(last, 1, 0);
	sqlite3_bind_int64(last, 2, INT64_MAX);
	if (sqlite3_step(last) == SQLITE_ROW)
		ix->indexed = sqlite3_column_int64(last, 0);
	sqlite3_reset(last);
	return 0;
}

int
index_shards_load(struct index *ix)
{
	sqlite3_stmt *all = NULL;
	int rc;

	if (sqlite3_prepare_v2(ix->db.sqlite,
		"SELECT number, first, documents, purge FROM shards ORDER BY first", -1, &all,
		NULL) != SQLITE_OK)
		return database_fail(&ix->db);
	while ((rc = sqlite3_step(all)) == SQLITE_ROW)
		index_shard_insert(ix, ix->n_shards,
		    &(struct shard){.number = sqlite3_column_int64(all, 0),
			.first = sqlite3_column_int64(all, 1),
			.documents = sqlite3_column_int64(all, 2),
			.purge = sqlite3_column_int(all, 3) != 0 ? PURGE_WANTED : PURGE_NONE});
	if (rc != SQLITE_DONE)
		database_fail(&ix->db);
	sqlite3_finalize(all);
	return rc == SQLITE_DONE ? index_shards_load_last(ix) : -1;
}

static int
index_shard_save(struct index *ix, struct shard *shard)
{
	sqlite3_stmt *save = index_statement(ix, STATEMENT_SHARD_SAVE);

	if (save == NULL)
		return -1;
	sqlite3_bind_int64(save, 1, shard->documents);
	sqlite3_bind_int(save, 2, shard->purge != PURGE_NONE);
	sqlite3_bind_int64(save, 3, shard->first);
	sqlite3_bind_int64(save, 4, shard->number);
	shard->changed = false;
	return database_run(&ix->db, save);
}

int
index_shards_save(struct index *ix)
{
	for (size_t i = 0; i < ix->n_shards; i++)
		if (ix->shards[i].changed && index_shard_save(ix, &ix->shards[i]) != 0)
			return -1;
	return 0;
}

static int
index_shard_create(struct index *ix, int64_t number)
{
	char text[320];

	database_numbered(text, sizeof(text),
	    "CREATE VIRTUAL TABLE words_# USING fts5 (text, scope, content = '', columnsize = "
	    "0, "
	    "tokenize = 'banter');"
	    "INSERT INTO words_# (words_#, rank) VALUES ('hashsize', " HASH_BYTES ")",
	    number);
	return database_execute(&ix->db, text);
}

/* A new shard before the i-th. NULL: failed. */
static struct shard *
index_shard_add(struct index *ix, size_t i, int64_t first)
{
	struct shard shard = {.number = (int64_t)ix->n_shards + 1, .first = first};
	sqlite3_stmt *add = index_statement(ix, STATEMENT_SHARD_ADD);

	if (add == NULL || index_shard_create(ix, shard.number) != 0)
		return NULL;
	sqlite3_bind_int64(add, 1, shard.number);
	sqlite3_bind_int64(add, 2, first);
	return database_run(&ix->db, add) == 0 ? index_shard_insert(ix, i, &shard) : NULL;
}

/* Whether no document of the i-th shard is behind this row, so that a new shard may begin there. 1: yes, 0: no,
 * -1: failed. */
static int
index_shard_ends_at(struct index *ix, size_t i, int64_t row)
{
	sqlite3_stmt *last;
	int64_t found = row;
	int rc;

	if (i + 1 == ix->n_shards)
		return row > ix->indexed;
	last = index_statement(ix, STATEMENT_DOCUMENT_LAST);
	if (last == NULL)
		return -1;
	sqlite3_bind_int64(last, 1, row);
	sqlite3_bind_int64(last, 2, ix->shards[i + 1].first - 1);
	rc = sqlite3_step(last);
	if (rc == SQLITE_ROW)
		found = sqlite3_column_int64(last, 0);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return database_fail(&ix->db);
	sqlite3_reset(last);
	return found == row;
}

/* The first row that is in the future, even if clocks differ a little. */
static int64_t
index_row_of_future(void)
{
	return (int64_t)((clock_wall_ms() + FUTURE_MS) << SEQ_BITS);
}

/* A shard for a row of the future, behind the i - 1 shards before it. Texts of a wrong clock get shards of their
 * own: among those of today they would keep a shard from ending. */
static struct shard *
index_shard_of_future(struct index *ix, size_t i, int64_t row)
{
	struct shard *next = &ix->shards[i];

	if (i == ix->n_shards || next->documents >= SHARD_DOCUMENTS)
		return index_shard_add(ix, i, row);
	next->first = row;
	next->changed = true;
	return next;
}

/* The number of shards up to that of the row. */
static size_t
index_shards_up_to(const struct index *ix, int64_t row)
{
	size_t i = ix->n_shards;

	while (i > 1 && ix->shards[i - 1].first > row)
		i--;
	return i;
}

struct shard *
index_shard_of(struct index *ix, int64_t row)
{
	int64_t future = index_row_of_future();
	struct shard *shard;
	size_t i;
	int ends;

	if (ix->n_shards == 0 && index_shard_add(ix, 0, 0) == NULL)
		return NULL;
	i = index_shards_up_to(ix, row);
	shard = &ix->shards[i - 1];
	if (row > future && shard->first <= future)
		return index_shard_of_future(ix, i, row);
	if (shard->documents < SHARD_DOCUMENTS)
		return shard;
	ends = index_shard_ends_at(ix, i - 1, row);
	if (ends < 0)
		return NULL;
	return ends == 1 ? index_shard_add(ix, i, row) : shard;
}

bool
index_is_lopsided(const struct index *ix)
{
	for (size_t i = 0; i < ix->n_shards; i++)
		if (ix->shards[i].documents > SHARD_MOST)
			return true;
	return false;
}
