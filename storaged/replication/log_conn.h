/*
 * A connection to PostgreSQL, with libpq and its binary formats. Every call waits for its result, but not
 * longer than LOG_ANSWER_MS. After any failure the connection is closed, and it is unknown whether the
 * statement took effect: a result that comes with a notice is one, because PostgreSQL reports success with
 * a warning when the wait for the synchronous standby was cancelled (postgresql.org, "Synchronous
 * Replication"). A statement is never cancelled.
 */
#ifndef STORAGED_REPLICATION_LOG_CONN_H
#define STORAGED_REPLICATION_LOG_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include <postgresql/libpq-fe.h>

#include "proto/base/buf.h"
#include "storaged/replication/log_statements.h"

#define LOG_ANSWER_MS 3000u

struct log_conn {
	PGconn *pg;      /* NULL: closed */
	bool noticed;    /* since the statement was sent */
	char error[256]; /* why it was closed; one line */
};

/* A parameter: a number (bigint) or bytes (text, bytea). */
struct log_param {
	enum { LOG_NUMBER, LOG_BYTES } type;
	uint64_t number;
	struct slice bytes;
};

#define LOG_N(n) ((struct log_param){.type = LOG_NUMBER, .number = (n)})
#define LOG_B(b) ((struct log_param){.type = LOG_BYTES, .bytes = (b)})

/* Connects (info as in libpq's PQconnectdb()), creates the tables if they are missing, and prepares all statements.
 * c is closed. name: shown by PostgreSQL. False: c->error says why. */
[[gnu::warn_unused_result]] bool log_conn_open(
    struct log_conn *c, const char *info, const char *name);

/* Does nothing on a closed connection. */
void log_conn_close(struct log_conn *c);

/* Runs a statement. The caller frees the result with PQclear(). NULL: it failed, and the connection is
 * closed. */
[[gnu::warn_unused_result]] PGresult *log_conn_run(
    struct log_conn *c, enum log_statement statement, const struct log_param *params, size_t n);

/* The same where only the number of changed rows matters. -1: it failed. */
[[gnu::warn_unused_result]] int log_conn_change(
    struct log_conn *c, enum log_statement statement, const struct log_param *params, size_t n);

/* Runs a statement whose rows are many: gives each to row(), and stops when that returns false. False: it failed,
 * or was stopped; then the connection is closed. LOG_ANSWER_MS is for all rows, without the time that row() takes. */
typedef bool log_row_fn(const PGresult *rows, void *arg);
[[gnu::warn_unused_result]] bool log_conn_each(struct log_conn *c, enum log_statement statement,
    const struct log_param *params, size_t n, log_row_fn *row, void *arg);

/* A column of a row. A number that is NULL is 0. */
uint64_t log_result_number(const PGresult *r, int row, int column);
struct slice log_result_bytes(const PGresult *r, int row, int column);

#endif
