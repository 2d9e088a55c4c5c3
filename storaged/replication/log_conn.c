/*
 * libpq in its non-blocking mode, with a deadline for each wait.
 */
#include "storaged/replication/log_conn.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"

/* The most parameters of a statement. */
#define PARAMS_MAX 8

static void
log_conn_on_notice(void *arg, const PGresult *notice)
{
	struct log_conn *c = arg;

	(void)notice;
	c->noticed = true;
}

/* Keeps the first line of an error. */
static void
log_conn_keep_error(struct log_conn *c, const char *error)
{
	strlcpy(c->error, error, sizeof(c->error));
	c->error[strcspn(c->error, "\n")] = '\0';
}

void
log_conn_close(struct log_conn *c)
{
	if (c->pg != NULL)
		PQfinish(c->pg);
	c->pg = NULL;
}

/* Closes the connection after a failure. error: NULL for that of libpq. */
static void
log_conn_fail(struct log_conn *c, const char *error)
{
	log_conn_keep_error(c, error != NULL ? error : PQerrorMessage(c->pg));
	log_conn_close(c);
}

/* Waits for the socket. False: the time is over, or poll(2) failed. */
static bool
log_conn_wait(struct log_conn *c, short events, uint64_t until)
{
	for (;;) {
		struct pollfd fd = {.fd = PQsocket(c->pg), .events = events};
		uint64_t now = clock_mono_ms();
		int n = now >= until ? 0 : poll(&fd, 1, (int)(until - now));

		if (n > 0)
			return true;
		if (n == 0 || errno != EINTR)
			return false;
	}
}

/*
 * Settings of each connection. PostgreSQL itself must not end a wait for its synchronous standby (a
 * statement_timeout would: with success and a warning). A statement that waits for a lock has not run, and
 * ends: of those that wait behind one whose client is gone, one more would stay with each attempt, until the
 * server has no connection left.
 */
static const char log_conn_options[] =
    "-c synchronous_commit=on -c client_min_messages=warning -c statement_timeout=0 "
    "-c lock_timeout=2500 -c client_connection_check_interval=500";

/* Waits until the connection stands. */
static bool
log_conn_connect(struct log_conn *c, uint64_t until)
{
	PostgresPollingStatusType state = PGRES_POLLING_WRITING;

	while (state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING) {
		if (!log_conn_wait(
			c, state == PGRES_POLLING_READING ? POLLIN : POLLOUT, until)) {
			log_conn_fail(c, "no answer while connecting");
			return false;
		}
		state = PQconnectPoll(c->pg);
	}
	if (state == PGRES_POLLING_OK)
		return true;
	log_conn_fail(c, NULL);
	return false;
}

/* Sends what was queued, and waits for the next result. NULL: there is none (c->pg is set), or it failed. */
static PGresult *
log_conn_result(struct log_conn *c, uint64_t until)
{
	int unsent;

	while ((unsent = PQflush(c->pg)) == 1) {
		if (!log_conn_wait(c, POLLIN | POLLOUT, until)) {
			log_conn_fail(c, "does not read");
			return NULL;
		}
		if (PQconsumeInput(c->pg) == 0)
			break;
	}
	while (unsent != -1 && PQisBusy(c->pg)) {
		if (!log_conn_wait(c, POLLIN, until)) {
			log_conn_fail(c, "no answer in time");
			return NULL;
		}
		if (PQconsumeInput(c->pg) == 0)
			break;
	}
	if (PQstatus(c->pg) == CONNECTION_OK && unsent != -1)
		return PQgetResult(c->pg);
	log_conn_fail(c, NULL);
	return NULL;
}

/* The only result of what was sent. NULL: it failed. */
static PGresult *
log_conn_one_result(struct log_conn *c, bool sent, uint64_t until)
{
	PGresult *result, *next;

	if (!sent) {
		log_conn_fail(c, NULL);
		return NULL;
	}
	result = log_conn_result(c, until);
	if (result == NULL)
		return NULL;
	/* The end of the answer: the commit comes behind the result, and a failure or a notice of it comes as another one. */
	next = log_conn_result(c, until);
	if (next == NULL && c->pg != NULL && !c->noticed &&
	    (PQresultStatus(result) == PGRES_COMMAND_OK ||
		PQresultStatus(result) == PGRES_TUPLES_OK))
		return result;
	if (c->pg != NULL)
		log_conn_fail(c,
		    c->noticed ? "the answer came with a notice"
			       : PQresultErrorMessage(next != NULL ? next : result));
	PQclear(next);
	PQclear(result);
	return NULL;
}

static bool
log_conn_prepare(struct log_conn *c, enum log_statement statement, uint64_t until)
{
	char name[16];
	PGresult *result;

	snprintf(name, sizeof(name), "s%d", (int)statement);
	c->noticed = false;
	result = log_conn_one_result(
	    c, PQsendPrepare(c->pg, name, log_statement_text(statement), 0, NULL) == 1, until);
	PQclear(result);
	return result != NULL;
}

static bool
log_conn_prepare_all(struct log_conn *c, uint64_t until)
{
	PGresult *made;

	/* A warning at login, for example about another collation version, does not concern a statement. */
	c->noticed = false;
	made = log_conn_one_result(c, PQsendQuery(c->pg, log_tables_sql) == 1, until);
	PQclear(made);
	if (made == NULL)
		return false;
	for (int i = 0; i < LOG_STATEMENTS; i++)
		if (!log_conn_prepare(c, (enum log_statement)i, until))
			return false;
	return true;
}

bool
log_conn_open(struct log_conn *c, const char *info, const char *name)
{
	/* The later ones take precedence. A passfile that does not exist keeps libpq from looking for the home directory, which
	 * the filter of system calls does not allow. */
	const char *const keywords[] = {"passfile", "client_encoding", "dbname",
	    "fallback_application_name", "options", NULL};
	const char *const values[] = {
	    "/dev/null/none", "UTF8", info, name, log_conn_options, NULL};
	uint64_t until = clock_mono_ms() + LOG_ANSWER_MS;

	must(c->pg == NULL);
	c->pg = PQconnectStartParams(keywords, values, 1);
	must(c->pg != NULL);
	if (PQstatus(c->pg) == CONNECTION_BAD) {
		log_conn_fail(c, NULL);
		return false;
	}
	PQsetNoticeReceiver(c->pg, log_conn_on_notice, c);
	if (!log_conn_connect(c, until))
		return false;
	must(PQsetnonblocking(c->pg, 1) == 0);
	return log_conn_prepare_all(c, until);
}

/* Queues a statement with its parameters. */
static bool
log_conn_send(
    struct log_conn *c, enum log_statement statement, const struct log_param *params, size_t n)
{
	char name[16];
	uint64_t numbers[PARAMS_MAX];
	const char *values[PARAMS_MAX];
	int lengths[PARAMS_MAX], formats[PARAMS_MAX];

	must(n <= PARAMS_MAX);
	for (size_t i = 0; i < n; i++) {
		const struct log_param *p = &params[i];

		formats[i] = 1;
		if (p->type == LOG_NUMBER) {
			numbers[i] = htobe64(p->number);
			values[i] = (const char *)&numbers[i];
			lengths[i] = (int)sizeof(numbers[i]);
		} else {
			values[i] = p->bytes.len == 0 ? "" : (const char *)p->bytes.p;
			lengths[i] = (int)p->bytes.len;
		}
	}
	snprintf(name, sizeof(name), "s%d", (int)statement);
	c->noticed = false;
	return PQsendQueryPrepared(c->pg, name, (int)n, values, lengths, formats, 1) == 1;
}

PGresult *
log_conn_run(
    struct log_conn *c, enum log_statement statement, const struct log_param *params, size_t n)
{
	uint64_t until = clock_mono_ms() + LOG_ANSWER_MS;

	if (c->pg == NULL)
		return NULL;
	return log_conn_one_result(c, log_conn_send(c, statement, params, n), until);
}

int
log_conn_change(
    struct log_conn *c, enum log_statement statement, const struct log_param *params, size_t n)
{
	PGresult *result = log_conn_run(c, statement, params, n);
	int rows = -1;

	if (result != NULL)
		rows = atoi(PQcmdTuples(result));
	PQclear(result);
	return rows;
}

bool
log_conn_each(struct log_conn *c, enum log_statement statement, const struct log_param *params,
    size_t n, log_row_fn *row, void *arg)
{
	uint64_t waited = 0;
	bool goes_on = true;

	if (c->pg == NULL)
		return false;
	if (!log_conn_send(c, statement, params, n) || PQsetSingleRowMode(c->pg) != 1) {
		log_conn_fail(c, NULL);
		return false;
	}
	for (;;) {
		uint64_t began = clock_mono_ms();
		PGresult *result = log_conn_result(c, began + LOG_ANSWER_MS - waited);
		ExecStatusType status = PQresultStatus(result);

		waited += clock_mono_ms() - began;
		if (waited > LOG_ANSWER_MS)
			waited = LOG_ANSWER_MS;
		if (result == NULL)
			return c->pg != NULL;
		goes_on =
		    status == PGRES_SINGLE_TUPLE ? row(result, arg) : status == PGRES_TUPLES_OK;
		if (!goes_on)
			log_conn_fail(c,
			    status == PGRES_SINGLE_TUPLE ? "stopped"
							 : PQresultErrorMessage(result));
		PQclear(result);
		if (!goes_on)
			return false;
	}
}

uint64_t
log_result_number(const PGresult *r, int row, int column)
{
	uint64_t be = 0;

	if (PQgetlength(r, row, column) == (int)sizeof(be))
		memcpy(&be, PQgetvalue(r, row, column), sizeof(be));
	return be64toh(be);
}

struct slice
log_result_bytes(const PGresult *r, int row, int column)
{
	return (struct slice){
	    (const uint8_t *)PQgetvalue(r, row, column), (size_t)PQgetlength(r, row, column)};
}
