/*
 * The work that takes long, in steps: removing the chunks of erased sources, and merging postings so that erased
 * words leave the file.
 */
#include "proto/base/basics.h"
#include "storaged/search/passages/passages_internal.h"
#include "storaged/search/ranking/row.h"

/* Pages of 4 KiB that a step merges, and chunks that it removes: some milliseconds. */
#define MERGE_PAGES  128
#define ERASE_CHUNKS 64
#define ERASE_PAGES  256 /* that have no chunks any more */

static int
passages_run_for(struct passages *ix, enum passages_statement which, int64_t number)
{
	return database_run_for(&ix->db, passages_statement(ix, which), number);
}

/* Removes one chunk of a source. 1: there was one. */
static int
passages_erase_one(struct passages *ix, int64_t source)
{
	sqlite3_stmt *find = passages_statement(ix, PASSAGES_CHUNK_OF_SOURCE);
	int64_t row;
	int found;

	if (find == NULL)
		return -1;
	sqlite3_bind_int64(find, 1, row_make(source, 0, 0));
	sqlite3_bind_int64(find, 2, row_make(source + 1, 0, 0) - 1);
	found = database_numbers(&ix->db, find, &row, 1);
	if (found == 1 && passages_remove_chunk(ix, row) != 0)
		return -1;
	return found;
}

/* Removes some pages of a source whose chunks are removed. 1: there may be more. */
static int
passages_erase_pages(struct passages *ix, int64_t source)
{
	sqlite3_stmt *erase = passages_statement(ix, PASSAGES_PAGES_DELETE);

	if (erase == NULL)
		return -1;
	sqlite3_bind_int64(erase, 1, source);
	sqlite3_bind_int(erase, 2, ERASE_PAGES);
	if (database_run(&ix->db, erase) != 0)
		return -1;
	return sqlite3_changes(ix->db.sqlite) == ERASE_PAGES;
}

/* Removes some chunks of an erased source; behind the last one, its pages, and then the source. 1: there may be more. */
static int
passages_erase_some(struct passages *ix)
{
	sqlite3_stmt *hidden = passages_statement(ix, PASSAGES_SOURCE_HIDDEN);
	int64_t source;
	int found = hidden == NULL ? -1 : database_numbers(&ix->db, hidden, &source, 1);

	if (found != 1)
		return found;
	for (int n = 0; n < ERASE_CHUNKS; n++) {
		found = passages_erase_one(ix, source);
		if (found != 1)
			break;
	}
	if (found == 0)
		found = passages_erase_pages(ix, source);
	if (found == 0 &&
	    (passages_run_for(ix, PASSAGES_LANGUAGES_DELETE, source) != 0 ||
		passages_run_for(ix, PASSAGES_SOURCE_DELETE, source) != 0))
		return -1;
	return found < 0 ? -1 : 1;
}

static int
passages_table_to_merge(const struct passages *ix)
{
	for (int i = 0; i < TABLES; i++)
		if (ix->tables[i].merging != MERGING_NONE)
			return i;
	return -1;
}

/* Merges some pages (SQLite's documentation, "The 'merge' Command": the first call with a negative number,
 * the end when it changes fewer than two rows). */
static int
passages_merge(struct passages *ix, int i)
{
	struct table *table = &ix->tables[i];
	sqlite3_stmt *merge = passages_table_statement(ix, i, TABLE_COMMAND);
	int before = sqlite3_total_changes(ix->db.sqlite);
	bool runs = table->merging == MERGING_RUNS;

	if (merge == NULL)
		return -1;
	database_bind_text(merge, 1, slice_str("merge"));
	sqlite3_bind_int(merge, 2, runs ? MERGE_PAGES : -MERGE_PAGES);
	if (database_run(&ix->db, merge) != 0)
		return -1;
	table->merging = runs && sqlite3_total_changes(ix->db.sqlite) - before < 2
	    ? MERGING_NONE
	    : MERGING_RUNS;
	table->changed = true;
	return 0;
}

/* Empties the write-ahead log, which holds the former content of pages, and forgets the pages in memory, which
 * the file's layer (index_vfs.h) has not cleaned. */
static int
passages_clean(struct passages *ix)
{
	if (!ix->unclean)
		return 0;
	if (database_execute(&ix->db, "PRAGMA wal_checkpoint(TRUNCATE)") != 0)
		return -1;
	sqlite3_db_release_memory(ix->db.sqlite);
	ix->unclean = false;
	return 0;
}

static int
passages_purge_some(struct passages *ix, int table)
{
	int rc;

	if (!ix->erasing)
		return passages_merge(ix, table);
	rc = passages_erase_some(ix);
	ix->erasing = rc == 1;
	return rc < 0 ? -1 : 0;
}

int
passages_purge_step(struct passages *ix, bool all)
{
	int table = all ? passages_table_to_merge(ix) : -1;

	if (!ix->erasing && table < 0)
		return all ? passages_clean(ix) : 0;
	if (passages_begin(ix) != 0 || passages_purge_some(ix, table) != 0 ||
	    passages_commit(ix, ix->position) != 0)
		return -1;
	return 1;
}

bool
passages_has_erased(const struct passages *ix)
{
	return ix->erasing;
}

bool
passages_has_merges(const struct passages *ix)
{
	return ix->unclean || passages_table_to_merge(ix) >= 0;
}
