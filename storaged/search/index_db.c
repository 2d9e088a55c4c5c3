/*
 * The statements.
 */
#include <stdio.h>

#include "storaged/search/index_internal.h"

static const char *const sql[STATEMENTS] = {
    [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_POSITION] = "UPDATE meta SET position = ?, documents = ?, built = ?",
    [STATEMENT_PARENT_PUT] =
	"INSERT INTO parents (id, org, widget, contact, state, tags) VALUES (?, ?, ?, ?, ?, ?) "
	"ON CONFLICT (id) DO UPDATE SET widget = excluded.widget, contact = excluded.contact, "
	"state = excluded.state, tags = excluded.tags WHERE (widget, contact, state, tags) IS "
	"NOT "
	"(excluded.widget, excluded.contact, excluded.state, excluded.tags)",
    [STATEMENT_PARENT_FIND] = "SELECT number, org FROM parents WHERE id = ?",
    [STATEMENT_PARENT_DELETE] = "DELETE FROM parents WHERE number = ?",
    [STATEMENT_PARENT_HIDE] = "UPDATE parents SET id = NULL WHERE id = ?",
    [STATEMENT_PARENTS_AFTER] = "SELECT number, id, org, state FROM parents "
				"WHERE number > ? AND id IS NOT NULL ORDER BY number",
    [STATEMENT_IDS_OF_PARENT] = "SELECT id FROM documents WHERE parent = ?",
    [STATEMENT_PARENT_HIDDEN] = "SELECT number, org FROM parents WHERE id IS NULL LIMIT 1",
    [STATEMENT_DOCUMENT_FIND] =
	"SELECT row, text, marks, kind FROM documents WHERE parent = ? AND id = ?",
    [STATEMENT_DOCUMENT_LAST] =
	"SELECT row FROM documents WHERE row BETWEEN ? AND ? ORDER BY row DESC LIMIT 1",
    [STATEMENT_DOCUMENT_ADD] =
	"INSERT INTO documents (row, parent, id, kind, text, marks) VALUES (?, ?, ?, ?, ?, ?)",
    [STATEMENT_DOCUMENT_DELETE] = "DELETE FROM documents WHERE row = ?",
    [STATEMENT_DOCUMENT_OF_PARENT] =
	"SELECT row, text, marks FROM documents WHERE parent = ? LIMIT 1",
    [STATEMENT_DOCUMENT_READ] =
	"SELECT d.kind, d.id, d.text, p.id, p.org, p.widget, p.contact, p.state, p.tags "
	"FROM documents d JOIN parents p ON p.number = d.parent WHERE d.row = ?",
    [STATEMENT_DOCUMENTS_FROM] = "SELECT d.row, d.text, d.marks, p.org FROM documents d JOIN "
				 "parents p ON p.number = d.parent "
				 "WHERE d.row > ? ORDER BY d.row LIMIT ?",
    [STATEMENT_SHARD_ADD] = "INSERT INTO shards (number, first, documents, purge) "
			    "VALUES (?, ?, 0, 0)",
    [STATEMENT_SHARD_SAVE] = "UPDATE shards SET documents = ?, purge = ?, first = ? "
			     "WHERE number = ?",
};

/* # is the number of the shard. */
static const char *const shard_sql[SHARD_STATEMENTS] = {
    [SHARD_INSERT] = "INSERT INTO words_# (rowid, text, scope) VALUES (?, ?, ?)",
    [SHARD_DELETE] = "INSERT INTO words_# (words_#, rowid, text, scope) "
		     "VALUES ('delete', ?, ?, ?)",
    [SHARD_COMMAND] = "INSERT INTO words_# (words_#, rank) VALUES (?, ?)",
    [SHARD_SEARCH] = "SELECT rowid FROM words_# WHERE words_# MATCH ? "
		     "AND rowid >= ? AND rowid < ? ORDER BY rowid DESC",
};

bool
index_is_damaged(const struct index *ix)
{
	return database_is_damaged(&ix->db);
}

const char *
index_error(const struct index *ix)
{
	return ix->db.error;
}

sqlite3_stmt *
index_statement(struct index *ix, enum index_statement which)
{
	return database_prepared(&ix->db, &ix->statements[which], sql[which]);
}

sqlite3_stmt *
index_shard_statement(struct index *ix, struct shard *shard, enum shard_statement which)
{
	char text[256];

	database_numbered(text, sizeof(text), shard_sql[which], shard->number);
	return database_prepared(&ix->db, &shard->statements[which], text);
}

void
index_scope(const struct id *org, char out[INDEX_SCOPE_MAX])
{
	out[0] = 'o';
	for (size_t i = 0; i < sizeof(org->b); i++)
		snprintf(out + 1 + 2 * i, 3, "%02x", org->b[i]);
}
