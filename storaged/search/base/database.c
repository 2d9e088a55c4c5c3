/*
 * Thin functions over SQLite's.
 */
#include "storaged/search/base/database.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bsd/string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "storaged/search/base/index_vfs.h"

#define PATH_SIZE 4096

/* cache_size is negative: KiB. */
static const char settings[] = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA secure_delete = ON; "
			       "PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY; "
			       "PRAGMA trusted_schema = OFF; PRAGMA page_size = 4096; "
			       "PRAGMA max_page_count = " INDEX_PAGES_MAX ";";

static void
database_path(char path[PATH_SIZE], const char *dir, const char *name, const char *suffix)
{
	must(snprintf(path, PATH_SIZE, "%s/%s%s", dir, name, suffix) < PATH_SIZE);
}

int
database_open(struct database *db, const char *dir, const char *name)
{
	char path[PATH_SIZE];

	*db = (struct database){0};
	database_path(path, dir, name, "");
	must(index_vfs_register() == 0);
	if (sqlite3_open_v2(path, &db->sqlite,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
		INDEX_VFS) != SQLITE_OK)
		return database_fail(db);
	return database_execute(db, settings);
}

void
database_close(struct database *db)
{
	sqlite3_close(db->sqlite);
	db->sqlite = NULL;
}

void
database_delete(const char *dir, const char *name)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
	char path[PATH_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		database_path(path, dir, name, suffixes[i]);
		if (unlink(path) == -1 && errno != ENOENT)
			log_event(LOG_ERROR, "search_index_not_deleted", L_STR("path", path),
			    L_ERRNO());
	}
}

uint64_t
database_bytes(const struct database *db)
{
	const char *path = sqlite3_db_filename(db->sqlite, "main");
	struct stat st;

	return path != NULL && stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

int
database_fail(struct database *db)
{
	db->failed = sqlite3_extended_errcode(db->sqlite);
	if (db->failed == SQLITE_OK)
		db->failed = SQLITE_ERROR;
	strlcpy(db->error, sqlite3_errmsg(db->sqlite), sizeof(db->error));
	return -1;
}

bool
database_is_damaged(const struct database *db)
{
	const int code = db->failed & 0xff;

	return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

bool
database_is_busy(const struct database *db)
{
	return (db->failed & 0xff) == SQLITE_BUSY;
}

int
database_execute(struct database *db, const char *sql)
{
	return sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL) == SQLITE_OK ? 0
									    : database_fail(db);
}

sqlite3_stmt *
database_prepared(struct database *db, sqlite3_stmt **statement, const char *sql)
{
	if (*statement == NULL &&
	    sqlite3_prepare_v3(
		db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) != SQLITE_OK) {
		database_fail(db);
		return NULL;
	}
	sqlite3_reset(*statement);
	sqlite3_clear_bindings(*statement);
	return *statement;
}

int
database_run(struct database *db, sqlite3_stmt *statement)
{
	int rc = sqlite3_step(statement);

	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		return database_fail(db);
	sqlite3_reset(statement);
	return 0;
}

int
database_run_for(struct database *db, sqlite3_stmt *statement, int64_t number)
{
	if (statement == NULL)
		return -1;
	sqlite3_bind_int64(statement, 1, number);
	return database_run(db, statement);
}

int
database_step(struct database *db, sqlite3_stmt *statement)
{
	int rc = sqlite3_step(statement);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE)
		return database_fail(db);
	sqlite3_reset(statement);
	return 0;
}

int
database_numbers(struct database *db, sqlite3_stmt *statement, int64_t *numbers, int n)
{
	int found = database_step(db, statement);

	for (int i = 0; found == 1 && i < n; i++)
		numbers[i] = sqlite3_column_int64(statement, i);
	if (found == 1)
		sqlite3_reset(statement);
	return found;
}

int
database_read_meta(
    struct database *db, int version, uint64_t *position, uint64_t *count, bool *built)
{
	sqlite3_stmt *read = NULL;
	int64_t meta[4] = {0};
	int found;

	if (database_prepared(db, &read, "SELECT * FROM meta") == NULL)
		return -1;
	found = database_numbers(db, read, meta, 4);
	sqlite3_finalize(read);
	*position = (uint64_t)meta[1];
	*count = (uint64_t)meta[2];
	*built = meta[3] != 0;
	return found == 1 && meta[0] == version ? 0 : -1;
}

int
database_make(struct database *db, const char *schema, int version)
{
	char meta[96];

	snprintf(meta, sizeof(meta), "INSERT INTO meta VALUES (%d, 0, 0, 0)", version);
	return database_execute(db, schema) != 0 ? -1 : database_execute(db, meta);
}

int
database_set_journal(struct database *db)
{
	return database_execute(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
}

void
database_bind_id(sqlite3_stmt *statement, int n, const struct id *id)
{
	sqlite3_bind_blob(statement, n, id->b, sizeof(id->b), SQLITE_STATIC);
}

void
database_bind_bytes(sqlite3_stmt *statement, int n, struct slice bytes)
{
	sqlite3_bind_blob(statement, n, bytes.p, (int)bytes.len, SQLITE_STATIC);
}

void
database_bind_text(sqlite3_stmt *statement, int n, struct slice text)
{
	sqlite3_bind_text(statement, n, (const char *)text.p, (int)text.len, SQLITE_STATIC);
}

/* A value of another length is of a damaged file: no id is zero. */
struct id
database_column_id(sqlite3_stmt *statement, int n)
{
	struct slice value = database_column_slice(statement, n);
	struct id id = {{0}};

	if (value.len == sizeof(id.b))
		memcpy(id.b, value.p, sizeof(id.b));
	return id;
}

struct slice
database_column_slice(sqlite3_stmt *statement, int n)
{
	const uint8_t *p = sqlite3_column_blob(statement, n);
	int len = sqlite3_column_bytes(statement, n);

	return p == NULL ? slice_str("") : (struct slice){p, (size_t)len};
}

void
database_numbered(char *out, size_t size, const char *text, int64_t number)
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

/* As SQLite's documentation shows it: "SELECT fts5(?1)" returns the interface. */
fts5_api *
database_fts5(struct database *db)
{
	fts5_api *api = NULL;
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(db->sqlite, "SELECT fts5(?1)", -1, &statement, NULL) ==
	    SQLITE_OK) {
		sqlite3_bind_pointer(statement, 1, (void *)&api, "fts5_api_ptr", NULL);
		sqlite3_step(statement);
	}
	sqlite3_finalize(statement);
	return api;
}

/* FTS5 wants an object that is not NULL. */
static int
database_tokenizer_create(void *unused, const char **args, int n, Fts5Tokenizer **out)
{
	static char none;

	(void)unused;
	(void)args;
	(void)n;
	*out = (Fts5Tokenizer *)&none;
	return SQLITE_OK;
}

static void
database_tokenizer_delete(Fts5Tokenizer *unused)
{
	(void)unused;
}

int
database_add_tokenizer(struct database *db, const char *name, database_tokenize_fn *tokenize)
{
	fts5_tokenizer tokenizer = {
	    database_tokenizer_create, database_tokenizer_delete, tokenize};
	fts5_api *api = database_fts5(db);

	if (api == NULL ||
	    api->xCreateTokenizer(api, name, NULL, &tokenizer, NULL) != SQLITE_OK)
		return database_fail(db);
	return 0;
}
