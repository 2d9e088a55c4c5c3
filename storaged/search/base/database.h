/*
 * A SQLite database in SEARCH_DIR that is a cache of the store: opening, statements, values and errors.
 *
 * What is deleted is overwritten in the file (index_vfs.h). Any function that fails returns -1 or NULL and keeps
 * SQLite's error. One thread.
 */
#ifndef STORAGED_SEARCH_BASE_DATABASE_H
#define STORAGED_SEARCH_BASE_DATABASE_H

#include <sqlite3.h>

#include "proto/base/buf.h"
#include "proto/base/ids.h"

struct database {
	sqlite3 *sqlite;
	int failed; /* SQLite's code */
	char error[256];
};

/* What an index has found in its file. */
enum database_opened {
	DATABASE_FAILED, /* the reason is logged */
	DATABASE_IN_USE, /* by another process */
	DATABASE_READY,
	DATABASE_EMPTY, /* it was missing, of another version, or unfinished: it must be built */
};

/* Opens or creates the file. 0 or -1; it must be closed either way. */
[[gnu::warn_unused_result]] int database_open(
    struct database *db, const char *dir, const char *name);
void database_close(struct database *db);

/* Deletes the files of a database that is not open. */
void database_delete(const char *dir, const char *name);

/* The file's bytes. */
uint64_t database_bytes(const struct database *db);

/* Keeps SQLite's error; returns -1. */
int database_fail(struct database *db);
bool database_is_damaged(const struct database *db);
bool database_is_busy(const struct database *db);

/* Writes a text with a number in place of each #. */
void database_numbered(char *out, size_t size, const char *text, int64_t number);

/* FTS5's interface; NULL: there is none. */
fts5_api *database_fts5(struct database *db);

/* What FTS5 calls to split a text, and what that calls for each token (SQLite's documentation, "FTS5 Custom
 * Tokenizers"). The tokenizer has no state. */
typedef int database_token_fn(
    void *arg, int flags, const char *token, int len, int start, int end);
typedef int database_tokenize_fn(Fts5Tokenizer *unused, void *arg, int flags, const char *text,
    int len, database_token_fn *fn);

/* Registers a tokenizer for FTS5. 0 or -1. */
[[gnu::warn_unused_result]] int database_add_tokenizer(
    struct database *db, const char *name, database_tokenize_fn *tokenize);

/* Reads the numbers of an index, of its table meta (version, position, count, built). 0, or -1: failed, or another
 * version. */
[[gnu::warn_unused_result]] int database_read_meta(
    struct database *db, int version, uint64_t *position, uint64_t *count, bool *built);

/* Makes the tables of an empty index, meta among them. 0 or -1. */
[[gnu::warn_unused_result]] int database_make(
    struct database *db, const char *schema, int version);

/* From now on, a write-ahead log keeps the file consistent across a crash of the process or of the machine. 0 or -1. */
[[gnu::warn_unused_result]] int database_set_journal(struct database *db);

/* Runs SQL without values. 0 or -1. */
[[gnu::warn_unused_result]] int database_execute(struct database *db, const char *sql);

/* The statement, prepared at first use, reset and without values. NULL: failed. */
sqlite3_stmt *database_prepared(struct database *db, sqlite3_stmt **statement, const char *sql);

/* Runs a statement that returns no rows, and resets it. 0 or -1. */
[[gnu::warn_unused_result]] int database_run(struct database *db, sqlite3_stmt *statement);

/* The same with this number as its only value. statement may be NULL: failed. */
[[gnu::warn_unused_result]] int database_run_for(
    struct database *db, sqlite3_stmt *statement, int64_t number);

/* The next row of a statement. 1: there is one, 0: none, and it is reset, -1: failed. */
[[gnu::warn_unused_result]] int database_step(struct database *db, sqlite3_stmt *statement);

/* Runs a statement that returns at most one row of numbers. 1: it did, 0: none, -1: failed. */
[[gnu::warn_unused_result]] int database_numbers(
    struct database *db, sqlite3_stmt *statement, int64_t *numbers, int n);

/* Values are borrowed until the statement is reset. */
void database_bind_id(sqlite3_stmt *statement, int n, const struct id *id);
void database_bind_bytes(sqlite3_stmt *statement, int n, struct slice bytes);
void database_bind_text(sqlite3_stmt *statement, int n, struct slice text);
struct id database_column_id(sqlite3_stmt *statement, int n);
struct slice database_column_slice(sqlite3_stmt *statement, int n);

#endif
