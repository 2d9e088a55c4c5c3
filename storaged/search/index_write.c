/*
 * Adding and removing documents; index_build.c removes those of an erased parent. All changes between index_begin() and index_commit() are one transaction.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "storaged/search/index_internal.h"

/* The latest time of a row: there is room behind it. */
#define AT_MAX (UINT64_C(1) << 50)

int
index_begin(struct index *ix)
{
	sqlite3_stmt *begin = index_statement(ix, STATEMENT_BEGIN);

	return begin == NULL ? -1 : database_run(&ix->db, begin);
}

int
index_commit(struct index *ix, uint64_t position)
{
	sqlite3_stmt *save = index_statement(ix, STATEMENT_POSITION);
	sqlite3_stmt *commit = index_statement(ix, STATEMENT_COMMIT);

	if (save == NULL || commit == NULL || index_shards_save(ix) != 0)
		return -1;
	sqlite3_bind_int64(save, 1, (int64_t)position);
	sqlite3_bind_int64(save, 2, (int64_t)ix->documents);
	sqlite3_bind_int(save, 3, ix->built);
	if (database_run(&ix->db, save) != 0 || database_run(&ix->db, commit) != 0)
		return -1;
	ix->position = position;
	return 0;
}

int
index_put_parent(struct index *ix, const struct index_parent *parent)
{
	sqlite3_stmt *put = index_statement(ix, STATEMENT_PARENT_PUT);

	if (put == NULL)
		return -1;
	database_bind_id(put, 1, &parent->id);
	database_bind_id(put, 2, &parent->org);
	database_bind_id(put, 3, &parent->widget);
	database_bind_id(put, 4, &parent->contact);
	sqlite3_bind_int(put, 5, parent->state);
	sqlite3_bind_blob(put, 6, parent->tags.p, (int)parent->tags.len, SQLITE_STATIC);
	return database_run(&ix->db, put);
}

/* Reads row number and organization of the parent that a statement finds, if any, and resets it. */
static int
index_read_parent(struct index *ix, sqlite3_stmt *find, int64_t *number, struct id *org)
{
	int rc = sqlite3_step(find);

	if (rc == SQLITE_ROW) {
		*number = sqlite3_column_int64(find, 0);
		*org = database_column_id(find, 1);
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return database_fail(&ix->db);
	sqlite3_reset(find);
	return rc == SQLITE_ROW;
}

int
index_find_parent(struct index *ix, const struct id *id, int64_t *number, struct id *org)
{
	sqlite3_stmt *find = index_statement(ix, STATEMENT_PARENT_FIND);

	if (find == NULL)
		return -1;
	database_bind_id(find, 1, id);
	return index_read_parent(ix, find, number, org);
}

int
index_find_erased(struct index *ix, int64_t *number, struct id *org)
{
	sqlite3_stmt *find = index_statement(ix, STATEMENT_PARENT_HIDDEN);

	return find == NULL ? -1 : index_read_parent(ix, find, number, org);
}

/* The marks are in the column of the organization's word. */
static int
index_write_words(struct index *ix, enum shard_statement which, struct shard *shard,
    int64_t row, const struct index_words *words)
{
	sqlite3_stmt *write = index_shard_statement(ix, shard, which);
	char scope[INDEX_SCOPE_MAX + 1 + INDEX_MARKS_MAX];
	size_t len;

	if (write == NULL)
		return -1;
	index_scope(words->org, scope);
	len = strlen(scope);
	scope[len++] = ' ';
	must(slice_copy(words->marks, scope + len, INDEX_MARKS_MAX));
	sqlite3_bind_int64(write, 1, row);
	database_bind_text(write, 2, words->text);
	database_bind_text(write, 3, (struct slice){(uint8_t *)scope, len + words->marks.len});
	return database_run(&ix->db, write);
}

int
index_add_words(struct index *ix, int64_t row, const struct index_words *words)
{
	struct shard *shard = index_shard_of(ix, row);

	if (shard == NULL || index_write_words(ix, SHARD_INSERT, shard, row, words) != 0)
		return -1;
	shard->documents++;
	shard->changed = true;
	if (row > ix->indexed)
		ix->indexed = row;
	return 0;
}

int
index_remove_words(struct index *ix, int64_t row, const struct index_words *words)
{
	struct shard *shard;
	size_t i = ix->n_shards;

	if (!ix->built && row > ix->indexed)
		return 0;
	while (i > 1 && ix->shards[i - 1].first > row)
		i--;
	if (i == 0)
		return 0;
	shard = &ix->shards[i - 1];
	if (index_write_words(ix, SHARD_DELETE, shard, row, words) != 0)
		return -1;
	shard->documents--;
	shard->purge = PURGE_WANTED;
	shard->changed = true;
	ix->unclean = true;
	return 0;
}

/* The first unused row number of a time. More than fit into a millisecond use the next ones. */
static int
index_new_row(struct index *ix, uint64_t at, int64_t *row)
{
	if (at > AT_MAX)
		at = AT_MAX;
	for (int64_t base = (int64_t)(at << SEQ_BITS);; base += 1 << SEQ_BITS) {
		int64_t last = base + (1 << SEQ_BITS) - 1;
		sqlite3_stmt *find = index_statement(ix, STATEMENT_DOCUMENT_LAST);
		int rc;

		if (find == NULL)
			return -1;
		sqlite3_bind_int64(find, 1, base);
		sqlite3_bind_int64(find, 2, last);
		rc = sqlite3_step(find);
		*row = rc == SQLITE_ROW ? sqlite3_column_int64(find, 0) + 1 : base;
		if (rc != SQLITE_ROW && rc != SQLITE_DONE)
			return database_fail(&ix->db);
		sqlite3_reset(find);
		if (*row <= last)
			return 0;
	}
}

static int
index_delete_row(struct index *ix, int64_t row)
{
	sqlite3_stmt *delete = index_statement(ix, STATEMENT_DOCUMENT_DELETE);

	if (delete == NULL)
		return -1;
	sqlite3_bind_int64(delete, 1, row);
	ix->documents--;
	ix->unclean = true;
	return database_run(&ix->db, delete);
}

int
index_remove_found(struct index *ix, sqlite3_stmt *found, const struct id *org)
{
	int64_t row = sqlite3_column_int64(found, 0);

	if (index_remove_words(ix, row,
		&(struct index_words){org, database_column_slice(found, 1),
		    database_column_slice(found, 2)}) != 0)
		return -1;
	sqlite3_reset(found);
	return index_delete_row(ix, row);
}

/* 1: the parent's document was there and is removed; 2: it is there with this text and these marks and stays; 0:
 * unknown. */
static int
index_remove_of(struct index *ix, int64_t parent, const struct id *org, const struct id *id,
    const struct index_document *same)
{
	sqlite3_stmt *find = index_statement(ix, STATEMENT_DOCUMENT_FIND);
	int rc;

	if (find == NULL)
		return -1;
	sqlite3_bind_int64(find, 1, parent);
	database_bind_id(find, 2, id);
	rc = sqlite3_step(find);
	if (rc == SQLITE_ROW && same != NULL &&
	    slice_eq(database_column_slice(find, 1), same->text) &&
	    slice_eq(database_column_slice(find, 2), same->marks)) {
		sqlite3_reset(find);
		return 2;
	}
	if (rc == SQLITE_ROW)
		return index_remove_found(ix, find, org) == 0 ? 1 : -1;
	if (rc != SQLITE_DONE)
		return database_fail(&ix->db);
	sqlite3_reset(find);
	return 0;
}

static int
index_add_row(struct index *ix, int64_t row, int64_t parent, const struct index_document *d)
{
	sqlite3_stmt *add = index_statement(ix, STATEMENT_DOCUMENT_ADD);

	if (add == NULL)
		return -1;
	sqlite3_bind_int64(add, 1, row);
	sqlite3_bind_int64(add, 2, parent);
	database_bind_id(add, 3, &d->id);
	sqlite3_bind_int(add, 4, d->kind);
	database_bind_text(add, 5, d->text);
	database_bind_text(add, 6, d->marks);
	ix->documents++;
	return database_run(&ix->db, add);
}

int
index_put(struct index *ix, const struct index_document *document)
{
	int64_t parent = 0, row;
	struct id org;
	int found = index_find_parent(ix, &document->parent, &parent, &org);

	if (found != 1)
		return found;
	found = index_remove_of(ix, parent, &org, &document->id, document);
	if (found < 0)
		return -1;
	if (found == 2)
		return 0;
	if (index_new_row(ix, document->at, &row) != 0 ||
	    index_add_row(ix, row, parent, document) != 0)
		return -1;
	if (!ix->built && row > ix->indexed)
		return 0; /* index_build_step() reaches it */
	return index_add_words(
	    ix, row, &(struct index_words){&org, document->text, document->marks});
}

int
index_remove(struct index *ix, const struct id *parent, const struct id *id)
{
	int64_t number = 0;
	struct id org;
	int found = index_find_parent(ix, parent, &number, &org);

	if (found == 1)
		found = index_remove_of(ix, number, &org, id, NULL);
	return found < 0 ? -1 : 0;
}

/* Its documents are not found without its id (index_search.c), and index_purge_step() removes them. */
int
index_erase(struct index *ix, const struct id *parent)
{
	sqlite3_stmt *hide = index_statement(ix, STATEMENT_PARENT_HIDE);

	if (hide == NULL)
		return -1;
	database_bind_id(hide, 1, parent);
	ix->erasing = ix->unclean = true;
	return database_run(&ix->db, hide);
}
