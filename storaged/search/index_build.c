/*
 * The work that takes long, in steps: building the index, removing the documents of erased parents, and merging
 * shards so that erased words leave the file.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "storaged/search/index_internal.h"

/* Pages of 4 KiB that a step merges: some milliseconds. */
#define MERGE_PAGES 128

/* What a step removes at most, some 25 ms of work; the last text may be longer. Smaller steps take longer in total
 * (make bench-search). */
#define ERASE_DOCUMENTS 1000
#define ERASE_BYTES     ((size_t)256 << 10)

/* Adds the words of the row that a statement has found. */
static int
index_build_row(struct index *ix, sqlite3_stmt *row)
{
	struct id org = database_column_id(row, 3);

	return index_add_words(ix, sqlite3_column_int64(row, 0),
	    &(struct index_words){
		&org, database_column_slice(row, 1), database_column_slice(row, 2)});
}

/* The next documents, one shard of them. 1: there were some. */
static int
index_build_rows(struct index *ix)
{
	sqlite3_stmt *rows = index_statement(ix, STATEMENT_DOCUMENTS_FROM);
	int rc, found = 0;

	if (rows == NULL)
		return -1;
	sqlite3_bind_int64(rows, 1, ix->indexed);
	sqlite3_bind_int(rows, 2, SHARD_DOCUMENTS);
	while ((rc = sqlite3_step(rows)) == SQLITE_ROW) {
		if (index_build_row(ix, rows) != 0)
			return -1;
		found = 1;
	}
	if (rc != SQLITE_DONE)
		return database_fail(&ix->db);
	sqlite3_reset(rows);
	return found;
}

/* Nothing was synced so far. */
static int
index_sync(struct index *ix)
{
	int fd = open(sqlite3_db_filename(ix->db.sqlite, "main"), O_RDONLY | O_CLOEXEC), rc;

	rc = fd == -1 ? -1 : fsync(fd);
	closefd(&fd);
	if (rc != 0)
		ix->db.failed = SQLITE_IOERR;
	return rc;
}

static int
index_finish(struct index *ix)
{
	if (index_sync(ix) != 0 ||
	    database_execute(&ix->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL") !=
		0)
		return -1;
	ix->built = true;
	if (index_begin(ix) != 0 || index_commit(ix, ix->position) != 0)
		return -1;
	return database_execute(&ix->db, "PRAGMA synchronous = NORMAL");
}

int
index_build_step(struct index *ix)
{
	int found;

	if (ix->built)
		return 0;
	if (index_begin(ix) != 0)
		return -1;
	found = index_build_rows(ix);
	if (found < 0 || index_commit(ix, ix->position) != 0)
		return -1;
	return found == 1 ? 1 : index_finish(ix);
}

/* Removes one document of a parent. 1: there may be more. */
static int
index_erase_one(struct index *ix, int64_t parent, const struct id *org, size_t *bytes)
{
	sqlite3_stmt *find = index_statement(ix, STATEMENT_DOCUMENT_OF_PARENT);
	int rc;

	if (find == NULL)
		return -1;
	sqlite3_bind_int64(find, 1, parent);
	rc = sqlite3_step(find);
	if (rc == SQLITE_ROW) {
		*bytes += database_column_slice(find, 1).len;
		return index_remove_found(ix, find, org) == 0 ? 1 : -1;
	}
	if (rc != SQLITE_DONE)
		return database_fail(&ix->db);
	sqlite3_reset(find);
	return 0;
}

static int
index_erase_parent(struct index *ix, int64_t number)
{
	return database_run_for(&ix->db, index_statement(ix, STATEMENT_PARENT_DELETE), number);
}

/* Removes some documents of erased parents, within a transaction. 1: there are more, 0: none, -1: failed. */
static int
index_erase_step(struct index *ix)
{
	int64_t number = 0;
	size_t bytes = 0;
	struct id org;
	int found = index_find_erased(ix, &number, &org), more = found;

	for (int n = 0; more == 1 && n < ERASE_DOCUMENTS && bytes < ERASE_BYTES; n++)
		more = index_erase_one(ix, number, &org, &bytes);
	if (found == 1 && more == 0 && index_erase_parent(ix, number) != 0)
		return -1;
	return more < 0 ? -1 : found;
}

static struct shard *
index_shard_to_purge(struct index *ix)
{
	for (size_t i = 0; i < ix->n_shards; i++)
		if (ix->shards[i].purge != PURGE_NONE)
			return &ix->shards[i];
	return NULL;
}

/* Merges some pages (SQLite's documentation, "The 'merge' Command": the first call with a negative number,
 * the end when it changes fewer than two rows). */
static int
index_merge(struct index *ix, struct shard *shard)
{
	sqlite3_stmt *merge = index_shard_statement(ix, shard, SHARD_COMMAND);
	int before = sqlite3_total_changes(ix->db.sqlite);
	bool runs = shard->purge == PURGE_RUNS;

	if (merge == NULL)
		return -1;
	database_bind_text(merge, 1, slice_str("merge"));
	sqlite3_bind_int(merge, 2, runs ? MERGE_PAGES : -MERGE_PAGES);
	if (database_run(&ix->db, merge) != 0)
		return -1;
	shard->purge =
	    runs && sqlite3_total_changes(ix->db.sqlite) - before < 2 ? PURGE_NONE : PURGE_RUNS;
	shard->changed = true;
	return 0;
}

/* Empties the write-ahead log, which holds the former content of pages, and forgets the pages in memory, which
 * the file's layer (index_vfs.h) has not cleaned. */
static int
index_clean(struct index *ix)
{
	if (!ix->built || !ix->unclean)
		return 0;
	if (database_execute(&ix->db, "PRAGMA wal_checkpoint(TRUNCATE)") != 0)
		return -1;
	sqlite3_db_release_memory(ix->db.sqlite);
	ix->unclean = false;
	return 0;
}

static int
index_purge_some(struct index *ix, struct shard *shard)
{
	int rc;

	if (!ix->erasing) {
		must(shard != NULL);
		return index_merge(ix, shard);
	}
	rc = index_erase_step(ix);
	ix->erasing = rc == 1;
	return rc < 0 ? -1 : 0;
}

int
index_purge_step(struct index *ix)
{
	struct shard *shard = index_shard_to_purge(ix);

	if (shard == NULL && !ix->erasing)
		return index_clean(ix);
	if (index_begin(ix) != 0 || index_purge_some(ix, shard) != 0 ||
	    index_commit(ix, ix->position) != 0)
		return -1;
	return 1;
}

bool
index_is_erasing(const struct index *ix)
{
	return ix->erasing;
}
