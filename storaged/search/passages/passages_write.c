/*
 * Pages, and their chunks with their words.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "storaged/search/language/bag.h"
#include "storaged/search/passages/passages_internal.h"
#include "storaged/search/ranking/row.h"

/* Texts of a chunk are at most 6,000 bytes, its heading and title 600, in messages.def. */
#define BAG_MAX ((size_t)8192 * BAG_ROOM)

int
passages_begin(struct passages *ix)
{
	sqlite3_stmt *begin;

	if (ix->writing)
		return 0;
	begin = passages_statement(ix, PASSAGES_BEGIN);
	if (begin == NULL || database_run(&ix->db, begin) != 0)
		return -1;
	ix->writing = true;
	ix->uncommitted = 0;
	return 0;
}

static int
passages_save(struct passages *ix, uint64_t position)
{
	sqlite3_stmt *save = passages_statement(ix, PASSAGES_SAVE);

	if (save == NULL || passages_tables_save(ix) != 0)
		return -1;
	sqlite3_bind_int64(save, 1, (int64_t)position);
	sqlite3_bind_int64(save, 2, (int64_t)ix->count);
	sqlite3_bind_int(save, 3, ix->built);
	return database_run(&ix->db, save);
}

int
passages_commit(struct passages *ix, uint64_t position)
{
	sqlite3_stmt *commit = passages_statement(ix, PASSAGES_COMMIT);

	if (commit == NULL || passages_save(ix, position) != 0 ||
	    database_run(&ix->db, commit) != 0)
		return -1;
	ix->writing = false;
	ix->uncommitted = 0;
	ix->position = position;
	return 0;
}

unsigned
passages_uncommitted(const struct passages *ix)
{
	return ix->uncommitted;
}

int
passages_set_built(struct passages *ix)
{
	ix->built = true;
	/* The postings of the first reading are in many parts: they are merged. */
	for (size_t i = 0; i < TABLES; i++)
		if (ix->tables[i].exists) {
			ix->tables[i].merging = MERGING_WANTED;
			ix->tables[i].changed = true;
		}
	return 0;
}

int
passages_find_org(struct passages *ix, const struct id *id, int64_t *number)
{
	sqlite3_stmt *find = passages_statement(ix, PASSAGES_ORG_FIND);

	if (find == NULL)
		return -1;
	database_bind_id(find, 1, id);
	return database_numbers(&ix->db, find, number, 1);
}

int
passages_find_source(struct passages *ix, int64_t org, const struct id *id, int64_t *number)
{
	sqlite3_stmt *find = passages_statement(ix, PASSAGES_SOURCE_FIND);

	if (find == NULL)
		return -1;
	sqlite3_bind_int64(find, 1, org);
	database_bind_id(find, 2, id);
	return database_numbers(&ix->db, find, number, 1);
}

/* Runs an INSERT; *number gets the number of its row. */
static int
passages_insert(struct passages *ix, sqlite3_stmt *insert, int64_t *number)
{
	if (database_run(&ix->db, insert) != 0)
		return -1;
	*number = sqlite3_last_insert_rowid(ix->db.sqlite);
	return 0;
}

static int
passages_org(struct passages *ix, const struct id *id, int64_t *number)
{
	int found = passages_find_org(ix, id, number);
	sqlite3_stmt *add;

	if (found != 0)
		return found == 1 ? 0 : -1;
	add = passages_statement(ix, PASSAGES_ORG_ADD);
	if (add == NULL)
		return -1;
	database_bind_id(add, 1, id);
	return passages_insert(ix, add, number);
}

static int
passages_source(struct passages *ix, int64_t org, const struct id *id, int64_t *number)
{
	int found = passages_find_source(ix, org, id, number);
	sqlite3_stmt *add;

	if (found != 0)
		return found == 1 ? 0 : -1;
	add = passages_statement(ix, PASSAGES_SOURCE_ADD);
	if (add == NULL)
		return -1;
	sqlite3_bind_int64(add, 1, org);
	database_bind_id(add, 2, id);
	if (passages_insert(ix, add, number) != 0)
		return -1;
	must(*number < ROW_SOURCES);
	return 0;
}

static int
passages_find_page_of(struct passages *ix, int64_t source, const struct id *id, int64_t *number)
{
	sqlite3_stmt *find = passages_statement(ix, PASSAGES_PAGE_FIND);

	if (find == NULL)
		return -1;
	sqlite3_bind_int64(find, 1, source);
	database_bind_id(find, 2, id);
	return database_numbers(&ix->db, find, number, 1);
}

int
passages_find_page(struct passages *ix, const struct passages_page *page, int64_t *number)
{
	int64_t org, source;
	int found = passages_find_org(ix, &page->org, &org);

	if (found == 1)
		found = passages_find_source(ix, org, &page->source, &source);
	return found == 1 ? passages_find_page_of(ix, source, &page->id, number) : found;
}

int
passages_page(struct passages *ix, const struct passages_page *page, int64_t *number)
{
	int64_t org, source;
	sqlite3_stmt *add;
	int found;

	if (passages_org(ix, &page->org, &org) != 0 ||
	    passages_source(ix, org, &page->source, &source) != 0)
		return -1;
	found = passages_find_page_of(ix, source, &page->id, number);
	if (found != 0)
		return found == 1 ? 0 : -1;
	add = passages_statement(ix, PASSAGES_PAGE_ADD);
	if (add == NULL)
		return -1;
	sqlite3_bind_int64(add, 1, source);
	database_bind_id(add, 2, &page->id);
	sqlite3_bind_int(add, 3, page->kind);
	return passages_insert(ix, add, number);
}

/* Source and organization of a page, and its hash unless NULL. 1: found. */
static int
passages_read_page(
    struct passages *ix, int64_t page, int64_t *source, int64_t *org, struct hash256 *hash)
{
	sqlite3_stmt *read = passages_statement(ix, PASSAGES_PAGE_READ);
	int found;

	if (read == NULL)
		return -1;
	sqlite3_bind_int64(read, 1, page);
	found = database_step(&ix->db, read);
	if (found != 1)
		return found;
	*source = sqlite3_column_int64(read, 0);
	*org = sqlite3_column_int64(read, 2);
	if (hash != NULL) {
		struct slice value = database_column_slice(read, 1);

		*hash = (struct hash256){0};
		if (value.len == sizeof(hash->b))
			memcpy(hash->b, value.p, sizeof(hash->b));
	}
	sqlite3_reset(read);
	return 1;
}

int
passages_get_hash(struct passages *ix, int64_t number, struct hash256 *hash)
{
	int64_t source, org;

	return passages_read_page(ix, number, &source, &org, hash) == 1 ? 0 : -1;
}

int
passages_set_hash(struct passages *ix, int64_t number, const struct hash256 *hash)
{
	sqlite3_stmt *set = passages_statement(ix, PASSAGES_PAGE_SET_HASH);

	if (set == NULL)
		return -1;
	database_bind_bytes(set, 1, (struct slice){hash->b, sizeof(hash->b)});
	sqlite3_bind_int64(set, 2, number);
	return database_run(&ix->db, set);
}

static void
passages_column_hash(sqlite3_stmt *read, int n, struct hash256 *hash)
{
	struct slice value = database_column_slice(read, n);

	*hash = (struct hash256){0};
	if (value.len == sizeof(hash->b))
		memcpy(hash->b, value.p, sizeof(hash->b));
}

int
passages_chunks(struct passages *ix, int64_t page, struct passages_chunk *chunks, int max)
{
	sqlite3_stmt *read = passages_statement(ix, PASSAGES_CHUNKS_OF);
	int n = 0, found = 1;

	if (read == NULL)
		return -1;
	sqlite3_bind_int64(read, 1, page);
	while (n < max && (found = database_step(&ix->db, read)) == 1) {
		struct passages_chunk *chunk = &chunks[n++];

		chunk->row = sqlite3_column_int64(read, 0);
		chunk->index = (uint32_t)sqlite3_column_int64(read, 1);
		passages_column_hash(read, 2, &chunk->hash);
		language_from_tag(database_column_slice(read, 3), chunk->language);
	}
	sqlite3_reset(read);
	return found < 0 ? -1 : n;
}

/* Counts chunks of a source up or down. */
static int
passages_count_source(struct passages *ix, int64_t source, int chunks, int64_t tokens,
    int64_t bytes, struct slice language)
{
	sqlite3_stmt *count = passages_statement(ix, PASSAGES_SOURCE_COUNT);

	if (count == NULL)
		return -1;
	sqlite3_bind_int(count, 1, chunks);
	sqlite3_bind_int64(count, 2, tokens);
	sqlite3_bind_int64(count, 3, bytes);
	sqlite3_bind_int64(count, 4, source);
	if (database_run(&ix->db, count) != 0)
		return -1;
	count = passages_statement(ix, PASSAGES_LANGUAGE_COUNT);
	if (count == NULL)
		return -1;
	sqlite3_bind_int64(count, 1, source);
	database_bind_text(count, 2, language);
	sqlite3_bind_int(count, 3, chunks);
	ix->count = (uint64_t)((int64_t)ix->count + chunks);
	ix->uncommitted++;
	return database_run(&ix->db, count);
}

/* The next free row of a source. */
static int
passages_new_row(struct passages *ix, int64_t source, unsigned tokens, int64_t *row)
{
	sqlite3_stmt *last = passages_statement(ix, PASSAGES_CHUNK_LAST);
	int64_t counter = 0;
	int found;

	if (last == NULL)
		return -1;
	sqlite3_bind_int64(last, 1, row_make(source, 0, 0));
	sqlite3_bind_int64(last, 2, row_make(source + 1, 0, 0) - 1);
	found = database_numbers(&ix->db, last, &counter, 1);
	if (found == 1)
		counter = row_counter(counter) + 1;
	must(counter < ROW_COUNTERS);
	*row = row_make(source, counter, row_length_code(tokens));
	return found < 0 ? -1 : 0;
}

/* Adds a chunk's words to its organization's table, or removes them. */
static int
passages_write_words(struct passages *ix, enum table_statement which, int64_t org, int64_t row,
    const struct slice bags[COLUMNS])
{
	sqlite3_stmt *write = passages_table_statement(ix, org, which);
	char prefix[PREFIX_MAX];
	struct buf columns[COLUMNS];
	int rc;

	if (write == NULL)
		return -1;
	passages_prefix(org, prefix);
	sqlite3_bind_int64(write, 1, row);
	for (int i = 0; i < COLUMNS; i++) {
		buf_init(&columns[i], BAG_MAX + PREFIX_MAX);
		must(buf_printf(&columns[i], "%s|", prefix) == 0 &&
		    buf_append(&columns[i], bags[i].p, bags[i].len) == 0);
		database_bind_text(write, i + 2, buf_slice(&columns[i]));
	}
	rc = database_run(&ix->db, write);
	for (int i = 0; i < COLUMNS; i++)
		buf_clear(&columns[i]);
	return rc;
}

/* Stores a chunk with its bags. */
static int
passages_add_row(struct passages *ix, int64_t page, const struct passages_text *text,
    int64_t row, unsigned tokens, const struct slice bags[COLUMNS])
{
	sqlite3_stmt *add = passages_statement(ix, PASSAGES_CHUNK_ADD);

	if (add == NULL)
		return -1;
	sqlite3_bind_int64(add, 1, row);
	sqlite3_bind_int64(add, 2, page);
	sqlite3_bind_int64(add, 3, text->index);
	database_bind_bytes(add, 4, (struct slice){text->hash.b, sizeof(text->hash.b)});
	database_bind_text(add, 5, slice_str(text->language));
	sqlite3_bind_int64(add, 6, (int64_t)text->text.len);
	sqlite3_bind_int64(add, 7, tokens);
	for (int i = 0; i < COLUMNS; i++)
		database_bind_text(add, 8 + i, bags[i]);
	return database_run(&ix->db, add);
}

static int
passages_add_bags(struct passages *ix, int64_t page, const struct passages_text *text,
    unsigned tokens, const struct slice bags[COLUMNS], int64_t *row)
{
	int64_t source, org;

	if (passages_read_page(ix, page, &source, &org, NULL) != 1 ||
	    passages_new_row(ix, source, tokens, row) != 0 ||
	    passages_add_row(ix, page, text, *row, tokens, bags) != 0 ||
	    passages_count_source(
		ix, source, 1, tokens, (int64_t)text->text.len, slice_str(text->language)) != 0)
		return -1;
	return passages_write_words(ix, TABLE_INSERT, org, *row, bags);
}

int
passages_put_chunk(
    struct passages *ix, int64_t page, const struct passages_text *text, int64_t *row)
{
	const struct slice texts[COLUMNS] = {text->title, text->heading, text->text};
	struct slice slices[COLUMNS];
	struct buf bags[COLUMNS];
	size_t tokens = 0;
	int rc;

	for (int i = 0; i < COLUMNS; i++) {
		buf_init(&bags[i], BAG_MAX);
		tokens += bag_append(&bags[i], texts[i], text->language);
		slices[i] = buf_slice(&bags[i]);
	}
	rc = passages_add_bags(ix, page, text, (unsigned)tokens, slices, row);
	for (int i = 0; i < COLUMNS; i++)
		buf_clear(&bags[i]);
	return rc;
}

int
passages_move_chunk(struct passages *ix, int64_t row, uint32_t index)
{
	sqlite3_stmt *move = passages_statement(ix, PASSAGES_CHUNK_MOVE);

	if (move == NULL)
		return -1;
	sqlite3_bind_int64(move, 1, index);
	sqlite3_bind_int64(move, 2, row);
	return database_run(&ix->db, move);
}

/* Removes the words of the chunk that a statement has found. */
static int
passages_remove_found(struct passages *ix, int64_t row, sqlite3_stmt *found)
{
	struct slice bags[COLUMNS];
	int64_t org = sqlite3_column_int64(found, 6);
	struct table *table = passages_table_of(ix, org);

	for (int i = 0; i < COLUMNS; i++)
		bags[i] = database_column_slice(found, 3 + i);
	if (table->merging != MERGING_WANTED)
		table->changed = true;
	table->merging = MERGING_WANTED;
	ix->unclean = true;
	if (passages_write_words(ix, TABLE_DELETE, org, row, bags) != 0)
		return -1;
	return passages_count_source(ix, row_source(row), -1, -sqlite3_column_int64(found, 1),
	    -sqlite3_column_int64(found, 0), database_column_slice(found, 2));
}

int
passages_remove_chunk(struct passages *ix, int64_t row)
{
	sqlite3_stmt *find = passages_statement(ix, PASSAGES_CHUNK_READ);
	int found;

	if (find == NULL)
		return -1;
	sqlite3_bind_int64(find, 1, row);
	found = database_step(&ix->db, find);
	if (found != 1)
		return found;
	if (passages_remove_found(ix, row, find) != 0)
		return -1;
	sqlite3_reset(find);
	return database_run_for(&ix->db, passages_statement(ix, PASSAGES_CHUNK_DELETE), row);
}

int
passages_forget(struct passages *ix, int64_t page)
{
	ix->unclean = true;
	return database_run_for(&ix->db, passages_statement(ix, PASSAGES_PAGE_DELETE), page);
}

int
passages_set_searched(
    struct passages *ix, const struct id *org, const struct id *source, bool searched)
{
	int64_t org_number, number;
	sqlite3_stmt *set;

	if (passages_org(ix, org, &org_number) != 0 ||
	    passages_source(ix, org_number, source, &number) != 0)
		return -1;
	set = passages_statement(ix, PASSAGES_SOURCE_SET);
	if (set == NULL)
		return -1;
	sqlite3_bind_int(set, 1, searched);
	sqlite3_bind_int64(set, 2, number);
	return database_run(&ix->db, set);
}

int
passages_source_number(
    struct passages *ix, const struct id *org, const struct id *source, int64_t *number)
{
	int64_t org_number;
	int found = passages_find_org(ix, org, &org_number);

	return found == 1 ? passages_find_source(ix, org_number, source, number) : found;
}

int
passages_erase(struct passages *ix, const struct id *org, const struct id *source)
{
	sqlite3_stmt *hide;
	int64_t number;
	int found = passages_find_org(ix, org, &number);

	if (found != 1)
		return found;
	hide = passages_statement(ix, PASSAGES_SOURCE_HIDE);
	if (hide == NULL)
		return -1;
	sqlite3_bind_int64(hide, 1, number);
	database_bind_id(hide, 2, source);
	ix->erasing = ix->unclean = true;
	return database_run(&ix->db, hide);
}

int
passages_next_page(struct passages *ix, int64_t *number, struct passages_page *page)
{
	sqlite3_stmt *next = passages_statement(ix, PASSAGES_PAGE_NEXT);
	int found;

	if (next == NULL)
		return -1;
	sqlite3_bind_int64(next, 1, *number);
	found = database_step(&ix->db, next);
	if (found != 1)
		return found;
	*number = sqlite3_column_int64(next, 0);
	*page = (struct passages_page){.id = database_column_id(next, 1),
	    .kind = (uint8_t)sqlite3_column_int(next, 2),
	    .source = database_column_id(next, 3),
	    .org = database_column_id(next, 4)};
	sqlite3_reset(next);
	return 1;
}

int
passages_pages_of(struct passages *ix, const struct id *org, int64_t **numbers, size_t *n)
{
	sqlite3_stmt *read = passages_statement(ix, PASSAGES_PAGES_OF_ORG);
	int found;

	*numbers = NULL;
	*n = 0;
	if (read == NULL)
		return -1;
	database_bind_id(read, 1, org);
	while ((found = database_step(&ix->db, read)) == 1) {
		if ((*n & (*n - 1)) == 0) /* room for powers of two */
			*numbers =
			    xreallocarray(*numbers, *n == 0 ? 1 : 2 * *n, sizeof(**numbers));
		(*numbers)[(*n)++] = sqlite3_column_int64(read, 0);
	}
	return found;
}
