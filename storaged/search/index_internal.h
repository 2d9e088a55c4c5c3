/*
 * What the parts of the index share; index.h is for callers.
 */
#ifndef STORAGED_SEARCH_INDEX_INTERNAL_H
#define STORAGED_SEARCH_INDEX_INTERNAL_H

#include "storaged/search/base/database.h"
#include "storaged/search/index.h"

/* Documents of a shard. Fewer make searches for rare words slower, more make erasures slower. */
#define SHARD_DOCUMENTS 32768

/* A shard with more makes the index lopsided. */
#define SHARD_MOST (8 * SHARD_DOCUMENTS)

/* A row's number is the document's time and a counter of SEQ_BITS bits. */
#define SEQ_BITS 12

enum index_statement {
	STATEMENT_BEGIN,
	STATEMENT_COMMIT,
	STATEMENT_POSITION,
	STATEMENT_PARENT_PUT,
	STATEMENT_PARENT_FIND,
	STATEMENT_PARENT_DELETE,
	STATEMENT_PARENT_HIDE,
	STATEMENT_PARENTS_AFTER,
	STATEMENT_IDS_OF_PARENT,
	STATEMENT_PARENT_HIDDEN,
	STATEMENT_DOCUMENT_FIND,
	STATEMENT_DOCUMENT_LAST,
	STATEMENT_DOCUMENT_ADD,
	STATEMENT_DOCUMENT_DELETE,
	STATEMENT_DOCUMENT_OF_PARENT,
	STATEMENT_DOCUMENT_READ,
	STATEMENT_DOCUMENTS_FROM,
	STATEMENT_SHARD_ADD,
	STATEMENT_SHARD_SAVE,
	STATEMENTS
};

enum shard_statement {
	SHARD_INSERT,
	SHARD_DELETE,
	SHARD_COMMAND,
	SHARD_SEARCH,
	SHARD_STATEMENTS
};

/* Whether a shard holds words of removed documents. */
enum purge { PURGE_NONE, PURGE_WANTED, PURGE_RUNS };

struct shard {
	int64_t number, first; /* it holds rows from first to before the next shard's */
	int64_t documents;
	enum purge purge;
	bool changed; /* not saved yet */
	sqlite3_stmt *statements[SHARD_STATEMENTS];
};

struct index {
	struct database db;
	sqlite3_stmt *statements[STATEMENTS];
	struct shard *shards; /* by their first rows */
	size_t n_shards;
	uint64_t position;
	uint64_t documents;
	bool built;
	int64_t indexed; /* while it is built: rows up to this one have their words in shards */
	bool
	    erasing; /* there may be parents without an id: they are erased, with their documents */
	bool unclean; /* the write-ahead log may hold erased text */
};

/* A prepared statement, reset, without values. NULL: failed. */
sqlite3_stmt *index_statement(struct index *ix, enum index_statement which);
sqlite3_stmt *index_shard_statement(
    struct index *ix, struct shard *shard, enum shard_statement which);

/* The word that every document of an organization has in its second column. */
#define INDEX_SCOPE_MAX 34
void index_scope(const struct id *org, char out[INDEX_SCOPE_MAX]);

/* Registers the tokenizer "banter" for FTS5. */
int index_tokenizer_register(struct index *ix);

/* The shard that a row belongs to; the last one if it takes further documents, else a new one. */
struct shard *index_shard_of(struct index *ix, int64_t row);
int index_shards_load(struct index *ix);
int index_shards_save(struct index *ix);
void index_shards_clear(struct index *ix);

/* The words of a document. */
struct index_words {
	const struct id *org;
	struct slice text, marks;
};

/* Adds a document's words to its shard, or removes them. */
int index_add_words(struct index *ix, int64_t row, const struct index_words *words);
int index_remove_words(struct index *ix, int64_t row, const struct index_words *words);

/* The parent's row number and organization. 1: found, 0: unknown, -1: failed. */
int index_find_parent(struct index *ix, const struct id *id, int64_t *number, struct id *org);

/* The same for one erased parent; 0: there is none. */
int index_find_erased(struct index *ix, int64_t *number, struct id *org);

/* Removes the row that a statement has found: its first three columns are the row, its text and marks. */
int index_remove_found(struct index *ix, sqlite3_stmt *found, const struct id *org);

#endif
