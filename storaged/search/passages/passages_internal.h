/*
 * What the parts of the index share; passages.h is for callers.
 */
#ifndef STORAGED_SEARCH_PASSAGES_PASSAGES_INTERNAL_H
#define STORAGED_SEARCH_PASSAGES_PASSAGES_INTERNAL_H

#include "storaged/search/passages/passages.h"

/* The tables of words; an organization's are in the one with its number modulo this. More make erasures in
 * installations with many organizations cheaper. */
#define TABLES 32

/* What a word weighs by its column. */
enum column { COLUMN_TITLE, COLUMN_HEADING, COLUMN_TEXT, COLUMNS };

enum passages_statement {
	PASSAGES_BEGIN,
	PASSAGES_COMMIT,
	PASSAGES_SAVE,
	PASSAGES_ORG_FIND,
	PASSAGES_ORG_ADD,
	PASSAGES_SOURCE_FIND,
	PASSAGES_SOURCE_ADD,
	PASSAGES_SOURCE_COUNT,
	PASSAGES_SOURCE_SET,
	PASSAGES_SOURCE_HIDE,
	PASSAGES_SOURCE_HIDDEN,
	PASSAGES_SOURCE_DELETE,
	PASSAGES_SOURCES_OF,
	PASSAGES_LANGUAGE_COUNT,
	PASSAGES_LANGUAGES_OF,
	PASSAGES_LANGUAGES_DELETE,
	PASSAGES_PAGE_FIND,
	PASSAGES_PAGE_ADD,
	PASSAGES_PAGE_READ,
	PASSAGES_PAGE_SET_HASH,
	PASSAGES_PAGE_DELETE,
	PASSAGES_PAGE_NEXT,
	PASSAGES_PAGES_OF_ORG,
	PASSAGES_PAGES_DELETE,
	PASSAGES_CHUNK_LAST,
	PASSAGES_CHUNK_ADD,
	PASSAGES_CHUNK_MOVE,
	PASSAGES_CHUNK_READ,
	PASSAGES_CHUNK_DELETE,
	PASSAGES_CHUNKS_OF,
	PASSAGES_CHUNK_OF_SOURCE,
	PASSAGES_CHUNK_REF,
	PASSAGES_TABLE_SAVE,
	PASSAGES_STATEMENTS
};

enum table_statement {
	TABLE_INSERT,
	TABLE_DELETE,
	TABLE_COMMAND,
	TABLE_GATHER,
	TABLE_STATEMENTS
};

/* Whether a table holds words of removed chunks. */
enum merging { MERGING_NONE, MERGING_WANTED, MERGING_RUNS };

struct table {
	bool exists;
	enum merging merging;
	bool changed; /* not saved yet */
	sqlite3_stmt *statements[TABLE_STATEMENTS];
};

struct gathering;

struct passages {
	struct database db;
	sqlite3_stmt *statements[PASSAGES_STATEMENTS];
	struct table tables[TABLES];
	uint64_t position, count;
	unsigned uncommitted;
	bool built, writing;
	bool erasing;                /* there may be sources without an id: they are erased */
	bool unclean;                /* the write-ahead log may hold erased tokens */
	struct gathering *gathering; /* while the postings of a question are read */
};

sqlite3_stmt *passages_statement(struct passages *ix, enum passages_statement which);

/* Of the organization's table, which is created if it is missing. */
sqlite3_stmt *passages_table_statement(
    struct passages *ix, int64_t org, enum table_statement which);

/* Registers the tokenizer, and the function that reads postings (gather.h). */
int passages_register(struct passages *ix);

int passages_tables_load(struct passages *ix);
int passages_tables_save(struct passages *ix);
void passages_tables_clear(struct passages *ix);
struct table *passages_table_of(struct passages *ix, int64_t org);

/* The number of an organization or source. 1: found, 0: unknown. */
int passages_find_org(struct passages *ix, const struct id *id, int64_t *number);
int passages_find_source(
    struct passages *ix, int64_t org, const struct id *id, int64_t *number);

/* Before a token of an organization in its table: "1f." */
#define PREFIX_MAX 24
size_t passages_prefix(int64_t org, char out[PREFIX_MAX]);

#endif
