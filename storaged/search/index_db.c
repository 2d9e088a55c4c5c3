/*
 * Statements, values and errors of SQLite.
 */
#include <stdio.h>
#include <string.h>

#include <bsd/string.h>

#include "proto/base/basics.h"
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
	"SELECT row, text, kind FROM documents WHERE parent = ? AND id = ?",
    [STATEMENT_DOCUMENT_LAST] =
	"SELECT row FROM documents WHERE row BETWEEN ? AND ? ORDER BY row DESC LIMIT 1",
    [STATEMENT_DOCUMENT_ADD] =
	"INSERT INTO documents (row, parent, id, kind, text) VALUES (?, ?, ?, ?, ?)",
    [STATEMENT_DOCUMENT_DELETE] = "DELETE FROM documents WHERE row = ?",
    [STATEMENT_DOCUMENT_OF_PARENT] = "SELECT row, text FROM documents WHERE parent = ? LIMIT 1",
    [STATEMENT_DOCUMENT_READ] =
	"SELECT d.kind, d.id, d.text, p.id, p.org, p.widget, p.contact, p.state, p.tags "
	"FROM documents d JOIN parents p ON p.number = d.parent WHERE d.row = ?",
    [STATEMENT_DOCUMENTS_FROM] =
	"SELECT d.row, d.text, p.org FROM documents d JOIN parents p ON p.number = d.parent "
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

int
index_fail(struct index *ix)
{
	ix->failed = sqlite3_extended_errcode(ix->db);
	if (ix->failed == SQLITE_OK)
		ix->failed = SQLITE_ERROR;
	strlcpy(ix->error, sqlite3_errmsg(ix->db), sizeof(ix->error));
	return -1;
}

bool
index_is_damaged(const struct index *ix)
{
	int code = ix->failed & 0xff;

	return code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_ERROR ||
	    code == SQLITE_CONSTRAINT || code == SQLITE_MISMATCH;
}

const char *
index_error(const struct index *ix)
{
	return ix->error;
}

static sqlite3_stmt *
index_prepared(struct index *ix, sqlite3_stmt **statement, const char *text)
{
	if (*statement == NULL &&
	    sqlite3_prepare_v3(ix->db, text, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) !=
		SQLITE_OK) {
		index_fail(ix);
		return NULL;
	}
	sqlite3_reset(*statement);
	sqlite3_clear_bindings(*statement);
	return *statement;
}

sqlite3_stmt *
index_statement(struct index *ix, enum index_statement which)
{
	return index_prepared(ix, &ix->statements[which], sql[which]);
}

void
index_numbered(char *out, size_t size, const char *text, int64_t number)
{
	size_t n = 0;

	for (; *text != '\0'; text++) {
		must(n + 24 < size);
		if (*text == '#')
			n += (size_t)snprintf(out + n, size - n, "%lld", (long long)number);
		else
			out[n++] = *text;
	}
	out[n] = '\0';
}

sqlite3_stmt *
index_shard_statement(struct index *ix, struct shard *shard, enum shard_statement which)
{
	char text[256];

	index_numbered(text, sizeof(text), shard_sql[which], shard->number);
	return index_prepared(ix, &shard->statements[which], text);
}

int
index_run(struct index *ix, sqlite3_stmt *statement)
{
	int rc = sqlite3_step(statement);

	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		return index_fail(ix);
	sqlite3_reset(statement);
	return 0;
}

int
index_execute(struct index *ix, const char *text)
{
	return sqlite3_exec(ix->db, text, NULL, NULL, NULL) == SQLITE_OK ? 0 : index_fail(ix);
}

void
index_bind_id(sqlite3_stmt *statement, int n, const struct id *id)
{
	sqlite3_bind_blob(statement, n, id->b, sizeof(id->b), SQLITE_STATIC);
}

void
index_bind_text(sqlite3_stmt *statement, int n, struct slice text)
{
	sqlite3_bind_text(statement, n, (const char *)text.p, (int)text.len, SQLITE_STATIC);
}

/* A value of another length is of a damaged file: no id is zero. */
struct id
index_column_id(sqlite3_stmt *statement, int n)
{
	struct slice value = index_column_slice(statement, n);
	struct id id = {{0}};

	if (value.len == sizeof(id.b))
		memcpy(id.b, value.p, sizeof(id.b));
	return id;
}

struct slice
index_column_slice(sqlite3_stmt *statement, int n)
{
	const uint8_t *p = sqlite3_column_blob(statement, n);
	int len = sqlite3_column_bytes(statement, n);

	return p == NULL ? slice_str("") : (struct slice){p, (size_t)len};
}

void
index_scope(const struct id *org, char out[INDEX_SCOPE_MAX])
{
	out[0] = 'o';
	for (size_t i = 0; i < sizeof(org->b); i++)
		snprintf(out + 1 + 2 * i, 3, "%02x", org->b[i]);
}
