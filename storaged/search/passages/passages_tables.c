/*
 * The tables of words, and FTS5's interface of a tokenizer (SQLite's documentation, "FTS5 Custom Tokenizers"): a
 * document is the organization's prefix, "|" and a bag; a query's words are separated by spaces, with their prefix.
 */
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "storaged/search/language/bag.h"
#include "storaged/search/passages/gather.h"

/* # is the number of the table. */
static const char *const sql[TABLE_STATEMENTS] = {
    [TABLE_INSERT] = "INSERT INTO words_# (rowid, title, heading, text) VALUES (?, ?, ?, ?)",
    [TABLE_DELETE] = ("INSERT INTO words_# (words_#, rowid, title, heading, text) "
		      "VALUES ('delete', ?, ?, ?, ?)"),
    [TABLE_COMMAND] = "INSERT INTO words_# (words_#, rank) VALUES (?, ?)",
    [TABLE_GATHER] = "SELECT gather(words_#) FROM words_# WHERE words_# MATCH ? LIMIT 1",
};

static const char creation[] =
    "CREATE VIRTUAL TABLE words_# USING fts5 (title, heading, text, content = '', "
    "columnsize = 0, tokenize = 'bag')";

size_t
passages_prefix(int64_t org, char out[PREFIX_MAX])
{
	return (size_t)snprintf(out, PREFIX_MAX, "%llx.", (unsigned long long)org);
}

static int
passages_tokenize_document(void *arg, struct slice text, database_token_fn *fn)
{
	const uint8_t *bar = memchr(text.p, '|', text.len);
	char token[PREFIX_MAX + TOKEN_MAX];
	size_t prefix = bar != NULL ? (size_t)(bar - text.p) : PREFIX_MAX;
	struct slice bag, word;
	unsigned count;
	int rc = SQLITE_OK;

	if (prefix >= PREFIX_MAX ||
	    !slice_copy((struct slice){text.p, prefix}, token, PREFIX_MAX))
		return SQLITE_CORRUPT;
	bag = (struct slice){text.p + prefix + 1, text.len - prefix - 1};
	while (rc == SQLITE_OK && bag_next(&bag, &word, &count)) {
		if (!slice_copy(word, token + prefix, sizeof(token) - prefix))
			return SQLITE_CORRUPT;
		while (rc == SQLITE_OK && count-- > 0)
			rc = fn(arg, 0, token, (int)(prefix + word.len), 0, 0);
	}
	return rc;
}

static int
passages_tokenize(Fts5Tokenizer *unused, void *arg, int flags, const char *text, int len,
    database_token_fn *fn)
{
	(void)unused;
	if ((flags & FTS5_TOKENIZE_QUERY) != 0)
		return fn(arg, 0, text, len, 0, len);
	return passages_tokenize_document(
	    arg, (struct slice){(const uint8_t *)text, (size_t)len}, fn);
}

int
passages_register(struct passages *ix)
{
	fts5_api *api = database_fts5(&ix->db);

	if (api == NULL || gather_register(ix, api) != SQLITE_OK)
		return database_fail(&ix->db);
	return database_add_tokenizer(&ix->db, "bag", passages_tokenize);
}

struct table *
passages_table_of(struct passages *ix, int64_t org)
{
	return &ix->tables[org % TABLES];
}

sqlite3_stmt *
passages_table_statement(struct passages *ix, int64_t org, enum table_statement which)
{
	struct table *table = passages_table_of(ix, org);
	char text[256];

	if (!table->exists) {
		database_numbered(text, sizeof(text), creation, org % TABLES);
		if (database_execute(&ix->db, text) != 0)
			return NULL;
		table->exists = table->changed = true;
	}
	database_numbered(text, sizeof(text), sql[which], org % TABLES);
	return database_prepared(&ix->db, &table->statements[which], text);
}

int
passages_tables_load(struct passages *ix)
{
	sqlite3_stmt *read = NULL;
	int found;

	if (database_prepared(&ix->db, &read, "SELECT number, merging FROM tables") == NULL)
		return -1;
	while ((found = database_step(&ix->db, read)) == 1) {
		struct table *table =
		    passages_table_of(ix, sqlite3_column_int64(read, 0) & INT32_MAX);

		table->exists = true;
		table->merging =
		    sqlite3_column_int(read, 1) != 0 ? MERGING_WANTED : MERGING_NONE;
	}
	sqlite3_finalize(read);
	return found;
}

static int
passages_table_save(struct passages *ix, int i)
{
	sqlite3_stmt *save = passages_statement(ix, PASSAGES_TABLE_SAVE);

	if (save == NULL)
		return -1;
	sqlite3_bind_int(save, 1, i);
	sqlite3_bind_int(save, 2, ix->tables[i].merging != MERGING_NONE);
	ix->tables[i].changed = false;
	return database_run(&ix->db, save);
}

int
passages_tables_save(struct passages *ix)
{
	for (int i = 0; i < TABLES; i++)
		if (ix->tables[i].changed && passages_table_save(ix, i) != 0)
			return -1;
	return 0;
}

void
passages_tables_clear(struct passages *ix)
{
	for (size_t i = 0; i < TABLES; i++)
		for (size_t k = 0; k < TABLE_STATEMENTS; k++)
			sqlite3_finalize(ix->tables[i].statements[k]);
}
