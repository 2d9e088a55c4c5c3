/*
 * Opening and creating the file. A write-ahead log keeps it consistent across a crash of the process or of the
 * machine, also while the store is read for the first time: that goes on where it was.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "storaged/search/passages/passages_internal.h"

static const char schema[] =
    "CREATE TABLE meta (version INTEGER, position INTEGER, chunks INTEGER, built INTEGER);"
    "CREATE TABLE orgs (number INTEGER PRIMARY KEY, id BLOB UNIQUE);"
    "CREATE TABLE sources (number INTEGER PRIMARY KEY, org INTEGER, id BLOB, searched INTEGER, "
    "chunks INTEGER, tokens INTEGER, bytes INTEGER, UNIQUE (org, id));"
    "CREATE TABLE languages (source INTEGER, language TEXT, chunks INTEGER, "
    "PRIMARY KEY (source, language)) WITHOUT ROWID;"
    "CREATE TABLE pages (number INTEGER PRIMARY KEY, source INTEGER, id BLOB, kind INTEGER, "
    "hash BLOB, UNIQUE (source, id));"
    "CREATE TABLE chunks (row INTEGER PRIMARY KEY, page INTEGER, place INTEGER, hash BLOB, "
    "language TEXT, bytes INTEGER, tokens INTEGER, title TEXT, heading TEXT, words TEXT);"
    "CREATE INDEX chunks_of ON chunks (page);"
    "CREATE TABLE tables (number INTEGER PRIMARY KEY, merging INTEGER);";

static const char *const sql[PASSAGES_STATEMENTS] = {
    [PASSAGES_BEGIN] = "BEGIN IMMEDIATE",
    [PASSAGES_COMMIT] = "COMMIT",
    [PASSAGES_SAVE] = "UPDATE meta SET position = ?, chunks = ?, built = ?",
    [PASSAGES_ORG_FIND] = "SELECT number FROM orgs WHERE id = ?",
    [PASSAGES_ORG_ADD] = "INSERT INTO orgs (id) VALUES (?)",
    [PASSAGES_SOURCE_FIND] = "SELECT number FROM sources WHERE org = ? AND id = ?",
    [PASSAGES_SOURCE_ADD] = "INSERT INTO sources (org, id, searched, chunks, tokens, bytes) "
			    "VALUES (?, ?, 1, 0, 0, 0)",
    [PASSAGES_SOURCE_COUNT] = "UPDATE sources SET chunks = chunks + ?, tokens = tokens + ?, "
			      "bytes = bytes + ? WHERE number = ?",
    [PASSAGES_SOURCE_SET] = "UPDATE sources SET searched = ? WHERE number = ?",
    [PASSAGES_SOURCE_HIDE] = "UPDATE sources SET id = NULL WHERE org = ? AND id = ?",
    [PASSAGES_SOURCE_HIDDEN] = "SELECT number, org FROM sources WHERE id IS NULL LIMIT 1",
    [PASSAGES_SOURCE_DELETE] = "DELETE FROM sources WHERE number = ?",
    [PASSAGES_SOURCES_OF] = "SELECT number, id, chunks, tokens, bytes FROM sources "
			    "WHERE org = ? AND id IS NOT NULL AND searched ORDER BY number",
    [PASSAGES_LANGUAGE_COUNT] =
	"INSERT INTO languages (source, language, chunks) VALUES (?1, ?2, ?3) "
	"ON CONFLICT (source, language) DO UPDATE SET chunks = chunks + ?3",
    [PASSAGES_LANGUAGES_OF] =
	"SELECT language, chunks FROM languages WHERE source = ? AND chunks > 0",
    [PASSAGES_LANGUAGES_DELETE] = "DELETE FROM languages WHERE source = ?",
    [PASSAGES_PAGE_FIND] = "SELECT number FROM pages WHERE source = ? AND id = ?",
    [PASSAGES_PAGE_ADD] = "INSERT INTO pages (source, id, kind) VALUES (?, ?, ?)",
    [PASSAGES_PAGE_READ] = "SELECT p.source, p.hash, s.org FROM pages p JOIN sources s "
			   "ON s.number = p.source WHERE p.number = ?",
    [PASSAGES_PAGE_SET_HASH] = "UPDATE pages SET hash = ? WHERE number = ?",
    [PASSAGES_PAGE_DELETE] = "DELETE FROM pages WHERE number = ?",
    [PASSAGES_PAGE_NEXT] =
	"SELECT p.number, p.id, p.kind, s.id, o.id FROM pages p "
	"JOIN sources s ON s.number = p.source JOIN orgs o ON o.number = s.org "
	"WHERE p.number > ? AND s.id IS NOT NULL ORDER BY p.number LIMIT 1",
    [PASSAGES_PAGES_OF_ORG] = "SELECT p.number FROM orgs o JOIN sources s ON s.org = o.number "
			      "JOIN pages p ON p.source = s.number WHERE o.id = ?",
    [PASSAGES_PAGES_DELETE] = "DELETE FROM pages WHERE number IN "
			      "(SELECT number FROM pages WHERE source = ? LIMIT ?)",
    [PASSAGES_CHUNK_LAST] =
	"SELECT row FROM chunks WHERE row BETWEEN ? AND ? ORDER BY row DESC LIMIT 1",
    [PASSAGES_CHUNK_ADD] =
	"INSERT INTO chunks (row, page, place, hash, language, bytes, tokens, "
	"title, heading, words) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [PASSAGES_CHUNK_MOVE] = "UPDATE chunks SET place = ? WHERE row = ?",
    [PASSAGES_CHUNK_READ] =
	"SELECT c.bytes, c.tokens, c.language, c.title, c.heading, c.words, "
	"s.org FROM chunks c JOIN pages p ON p.number = c.page "
	"JOIN sources s ON s.number = p.source WHERE c.row = ?",
    [PASSAGES_CHUNK_DELETE] = "DELETE FROM chunks WHERE row = ?",
    [PASSAGES_CHUNKS_OF] =
	"SELECT row, place, hash, language FROM chunks WHERE page = ? ORDER BY place",
    [PASSAGES_CHUNK_OF_SOURCE] =
	"SELECT row FROM chunks WHERE row BETWEEN ? AND ? ORDER BY row LIMIT 1",
    [PASSAGES_CHUNK_REF] = "SELECT p.kind, s.id, p.id, c.place, c.hash FROM chunks c "
			   "JOIN pages p ON p.number = c.page "
			   "JOIN sources s ON s.number = p.source "
			   "WHERE c.row = ? AND s.id IS NOT NULL",
    [PASSAGES_TABLE_SAVE] = "INSERT INTO tables (number, merging) VALUES (?1, ?2) "
			    "ON CONFLICT (number) DO UPDATE SET merging = ?2",
};

sqlite3_stmt *
passages_statement(struct passages *ix, enum passages_statement which)
{
	return database_prepared(&ix->db, &ix->statements[which], sql[which]);
}

void
passages_delete(const char *dir)
{
	database_delete(dir, PASSAGES_NAME);
}

void
passages_close(struct passages *ix)
{
	if (ix == NULL)
		return;
	passages_tables_clear(ix);
	for (size_t i = 0; i < PASSAGES_STATEMENTS; i++)
		sqlite3_finalize(ix->statements[i]);
	database_close(&ix->db);
	free(ix);
}

/* Reads the numbers of a file of this version. 0 or -1. */
static int
passages_load(struct passages *ix)
{
	if (database_read_meta(
		&ix->db, PASSAGES_VERSION, &ix->position, &ix->count, &ix->built) != 0)
		return -1;
	ix->unclean = ix->erasing = true;
	return database_set_journal(&ix->db) != 0 ? -1 : passages_tables_load(ix);
}

static int
passages_make(struct passages *ix)
{
	if (database_set_journal(&ix->db) != 0)
		return -1;
	return database_make(&ix->db, schema, PASSAGES_VERSION);
}

/* A new file in place of one that cannot be used. */
static enum database_opened
passages_replace(struct passages **ix, const char *dir)
{
	passages_close(*ix);
	passages_delete(dir);
	*ix = xcalloc(1, sizeof(**ix));
	if (database_open(&(*ix)->db, dir, PASSAGES_NAME) == 0 && passages_register(*ix) == 0 &&
	    passages_make(*ix) == 0)
		return DATABASE_EMPTY;
	log_event(LOG_ERROR, "passages_index_failed", L_STR("dir", dir),
	    L_STR("error", (*ix)->db.error),
	    L_STR("help", "searchd needs write access to SEARCH_DIR, and space on its disk"));
	return DATABASE_FAILED;
}

enum database_opened
passages_open(struct passages **ix, const char *dir)
{
	enum database_opened opened = DATABASE_READY;

	*ix = xcalloc(1, sizeof(**ix));
	if (database_open(&(*ix)->db, dir, PASSAGES_NAME) != 0 || passages_register(*ix) != 0 ||
	    passages_load(*ix) != 0)
		opened =
		    database_is_busy(&(*ix)->db) ? DATABASE_IN_USE : passages_replace(ix, dir);
	else if (!(*ix)->built)
		opened = DATABASE_EMPTY;
	if (opened == DATABASE_IN_USE || opened == DATABASE_FAILED) {
		passages_close(*ix);
		*ix = NULL;
	}
	return opened;
}

struct database *
passages_database(struct passages *ix)
{
	return &ix->db;
}

uint64_t
passages_position(const struct passages *ix)
{
	return ix->position;
}

uint64_t
passages_count(const struct passages *ix)
{
	return ix->count;
}

bool
passages_is_built(const struct passages *ix)
{
	return ix->built;
}
