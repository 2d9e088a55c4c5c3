/*
 * Opening and creating the file. While the index is built, nothing is synced and there is no journal: if that
 * is interrupted, the index is built again. After that, a write-ahead log keeps it consistent across a crash
 * of the process or of the machine.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "storaged/search/base/index_vfs.h"
#include "storaged/search/index_internal.h"

#define PATH_SIZE 4096

static const char schema[] =
    "CREATE TABLE meta (version INTEGER, position INTEGER, documents INTEGER, built INTEGER);"
    "CREATE TABLE parents (number INTEGER PRIMARY KEY, id BLOB UNIQUE, org BLOB, widget BLOB, "
    "contact BLOB, state INTEGER, tags BLOB);"
    "CREATE TABLE documents (row INTEGER PRIMARY KEY, parent INTEGER, id BLOB, kind INTEGER, "
    "text TEXT);"
    "CREATE UNIQUE INDEX documents_of ON documents (parent, id);"
    "CREATE TABLE shards (number INTEGER PRIMARY KEY, first INTEGER, documents INTEGER, "
    "purge INTEGER);";

/* cache_size is negative: KiB. */
static const char settings[] = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA secure_delete = ON; "
			       "PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY; "
			       "PRAGMA trusted_schema = OFF; PRAGMA page_size = 4096; "
			       "PRAGMA max_page_count = " INDEX_PAGES_MAX ";";

static void
index_path(char path[PATH_SIZE], const char *dir, const char *suffix)
{
	must(snprintf(path, PATH_SIZE, "%s/" INDEX_NAME "%s", dir, suffix) < PATH_SIZE);
}

void
index_delete(const char *dir)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
	char path[PATH_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		index_path(path, dir, suffixes[i]);
		if (unlink(path) == -1 && errno != ENOENT)
			log_event(LOG_ERROR, "search_index_not_deleted", L_STR("path", path),
			    L_ERRNO());
	}
}

void
index_close(struct index *ix)
{
	if (ix == NULL)
		return;
	index_shards_clear(ix);
	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(ix->statements[i]);
	sqlite3_close(ix->db);
	free(ix);
}

static int
index_connect(struct index *ix, const char *dir)
{
	char path[PATH_SIZE];

	index_path(path, dir, "");
	must(index_vfs_register() == 0);
	if (sqlite3_open_v2(path, &ix->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
		INDEX_VFS) != SQLITE_OK)
		return index_fail(ix);
	return index_execute(ix, settings);
}

/* Reads one row of numbers. */
static int
index_numbers(struct index *ix, const char *text, uint64_t *numbers, int n)
{
	sqlite3_stmt *statement = NULL;
	int rc;

	if (sqlite3_prepare_v2(ix->db, text, -1, &statement, NULL) != SQLITE_OK)
		return index_fail(ix);
	rc = sqlite3_step(statement);
	for (int i = 0; rc == SQLITE_ROW && i < n; i++)
		numbers[i] = (uint64_t)sqlite3_column_int64(statement, i);
	if (rc != SQLITE_ROW)
		index_fail(ix);
	sqlite3_finalize(statement);
	return rc == SQLITE_ROW ? 0 : -1;
}

/* Whether the file holds a finished index of this version. 0 or -1. */
static int
index_load(struct index *ix)
{
	uint64_t meta[4] = {0};

	if (index_numbers(
		ix, "SELECT version, position, documents, built FROM meta", meta, 4) != 0)
		return -1;
	if (meta[0] != INDEX_VERSION || meta[3] == 0)
		return -1;
	ix->position = meta[1];
	ix->documents = meta[2];
	ix->built = true;
	ix->unclean = ix->erasing = true;
	return index_execute(ix, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL") != 0
	    ? -1
	    : index_shards_load(ix);
}

static int
index_make(struct index *ix)
{
	char meta[96];

	snprintf(meta, sizeof(meta), "INSERT INTO meta VALUES (%d, 0, 0, 0)", INDEX_VERSION);
	if (index_execute(ix, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;") != 0)
		return -1;
	return index_execute(ix, schema) != 0 ? -1 : index_execute(ix, meta);
}

static struct index *
index_new(void)
{
	struct index *ix = xcalloc(1, sizeof(*ix));

	ix->indexed = -1;
	return ix;
}

/* A new file in place of one that cannot be used. */
static enum index_opened
index_replace(struct index **ix, const char *dir)
{
	index_close(*ix);
	index_delete(dir);
	*ix = index_new();
	if (index_connect(*ix, dir) == 0 && index_tokenizer_register(*ix) == 0 &&
	    index_make(*ix) == 0)
		return INDEX_EMPTY;
	log_event(LOG_ERROR, "search_index_failed", L_STR("dir", dir),
	    L_STR("error", index_error(*ix)),
	    L_STR("help", "searchd needs write access to SEARCH_DIR, and space on its disk"));
	return INDEX_FAILED;
}

static bool
index_is_busy(const struct index *ix)
{
	return (ix->failed & 0xff) == SQLITE_BUSY;
}

enum index_opened
index_open(struct index **ix, const char *dir)
{
	enum index_opened opened = INDEX_READY;

	*ix = index_new();
	if (index_connect(*ix, dir) != 0 || index_tokenizer_register(*ix) != 0 ||
	    index_load(*ix) != 0)
		opened = index_is_busy(*ix) ? INDEX_IN_USE : index_replace(ix, dir);
	if (opened == INDEX_IN_USE || opened == INDEX_FAILED) {
		index_close(*ix);
		*ix = NULL;
	}
	return opened;
}

uint64_t
index_position(const struct index *ix)
{
	return ix->position;
}

bool
index_is_built(const struct index *ix)
{
	return ix->built;
}

uint64_t
index_documents(const struct index *ix)
{
	return ix->documents;
}

uint64_t
index_bytes(const struct index *ix)
{
	const char *path = sqlite3_db_filename(ix->db, "main");
	struct stat st;

	return path != NULL && stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}
