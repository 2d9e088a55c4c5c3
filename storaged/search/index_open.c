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
#include "storaged/search/index_internal.h"

static const char schema[] =
    "CREATE TABLE meta (version INTEGER, position INTEGER, documents INTEGER, built INTEGER);"
    "CREATE TABLE parents (number INTEGER PRIMARY KEY, id BLOB UNIQUE, org BLOB, widget BLOB, "
    "contact BLOB, state INTEGER, tags BLOB);"
    "CREATE TABLE documents (row INTEGER PRIMARY KEY, parent INTEGER, id BLOB, kind INTEGER, "
    "text TEXT, marks TEXT);"
    "CREATE UNIQUE INDEX documents_of ON documents (parent, id);"
    "CREATE TABLE shards (number INTEGER PRIMARY KEY, first INTEGER, documents INTEGER, "
    "purge INTEGER);";

void
index_delete(const char *dir)
{
	database_delete(dir, INDEX_NAME);
}

void
index_close(struct index *ix)
{
	if (ix == NULL)
		return;
	index_shards_clear(ix);
	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(ix->statements[i]);
	database_close(&ix->db);
	free(ix);
}

/* Whether the file holds a finished index of this version. 0 or -1. */
static int
index_load(struct index *ix)
{
	if (database_read_meta(
		&ix->db, INDEX_VERSION, &ix->position, &ix->documents, &ix->built) != 0 ||
	    !ix->built)
		return -1;
	ix->unclean = ix->erasing = true;
	return database_set_journal(&ix->db) != 0 ? -1 : index_shards_load(ix);
}

static int
index_make(struct index *ix)
{
	if (database_execute(&ix->db, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;") !=
	    0)
		return -1;
	return database_make(&ix->db, schema, INDEX_VERSION);
}

static struct index *
index_new(void)
{
	struct index *ix = xcalloc(1, sizeof(*ix));

	ix->indexed = -1;
	return ix;
}

/* A new file in place of one that cannot be used. */
static enum database_opened
index_replace(struct index **ix, const char *dir)
{
	index_close(*ix);
	index_delete(dir);
	*ix = index_new();
	if (database_open(&(*ix)->db, dir, INDEX_NAME) == 0 &&
	    index_tokenizer_register(*ix) == 0 && index_make(*ix) == 0)
		return DATABASE_EMPTY;
	log_event(LOG_ERROR, "search_index_failed", L_STR("dir", dir),
	    L_STR("error", index_error(*ix)),
	    L_STR("help", "searchd needs write access to SEARCH_DIR, and space on its disk"));
	return DATABASE_FAILED;
}

enum database_opened
index_open(struct index **ix, const char *dir)
{
	enum database_opened opened = DATABASE_READY;

	*ix = index_new();
	if (database_open(&(*ix)->db, dir, INDEX_NAME) != 0 ||
	    index_tokenizer_register(*ix) != 0 || index_load(*ix) != 0)
		opened =
		    database_is_busy(&(*ix)->db) ? DATABASE_IN_USE : index_replace(ix, dir);
	if (opened == DATABASE_IN_USE || opened == DATABASE_FAILED) {
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
	return database_bytes(&ix->db);
}
