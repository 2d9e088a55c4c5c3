/*
 * A row is applied only if it follows the last one: its number is the next one, and its prev is the digest of
 * the last one.
 */
#include "storaged/replication/apply.h"

#include <string.h>
#include <sysexits.h>

#include <bsd/string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "storaged/engine/write_set.h"

/* Rows of one query, and bytes of them, and of one transaction: meanwhile nobody is served. The first row may have more. */
#define ROWS_MAX       1000u
#define ROWS_BYTES_MAX ((size_t)8 << 20)
#define BYTES_MAX      ((size_t)4 << 20)

const char apply_new_seed[] = "stop storaged, restore a new backup of the owner (banter "
			      "restore --force), and start it again";

struct apply {
	struct replica *r;
	struct txn t;
	struct position at; /* with the rows of t */
	size_t bytes;
	int rc;     /* an LMDB error */
	int status; /* != 0: the store can never apply the log */
};

static int
apply_refuse(const char *event, uint64_t seq, const char *error)
{
	log_event(LOG_ERROR, event, L_UINT("seq", seq), L_STR("error", error),
	    L_STR("help", apply_new_seed));
	return EX_DATAERR;
}

static bool
apply_read_row(const PGresult *rows, struct log_row *row)
{
	struct slice prev = log_result_bytes(rows, 0, 3);

	row->seq = log_result_number(rows, 0, 0);
	row->epoch = log_result_number(rows, 0, 1);
	row->schema = (uint32_t)log_result_number(rows, 0, 2);
	row->data = log_result_bytes(rows, 0, 4);
	return prev.len == sizeof(row->prev) && slice_copy(prev, &row->prev, sizeof(row->prev));
}

/* 0, or the exit status. */
static int
apply_judge(const struct position *at, const struct log_row *row)
{
	if (row->seq != at->seq + 1)
		return apply_refuse(
		    "log_gap", at->seq, "the log has deleted the next row already");
	if (!hash_equal(&row->prev, &at->digest))
		return apply_refuse(
		    "log_diverged", row->seq, "the log continues another store than this one");
	if (row->schema != SCHEMA_VERSION)
		return apply_refuse(
		    "log_schema", row->seq, "another version of banter wrote this row");
	return 0;
}

/* An LMDB error, or RECORD_DAMAGED for data that is not a write set. */
static int
apply_write_set(struct txn *t, struct slice data)
{
	struct write w;
	int found, rc = 0;

	while (rc == 0 && (found = write_set_next(&data, &w)) != 0) {
		struct key key;

		if (found == -1)
			return RECORD_DAMAGED;
		key = key_of(w.key);
		rc = w.deletes ? txn_del(t, w.table, &key) : txn_put(t, w.table, &key, w.value);
	}
	return rc;
}

/* Commits, with the position that the store has then. */
static int
apply_commit_at(struct replica *r, struct txn *t, const struct position *at)
{
	int rc = position_write(t, at);

	if (rc == 0)
		rc = txn_commit(t);
	else
		txn_abort(t);
	if (rc == 0) {
		r->at = *at;
		r->status.seq = at->seq;
	}
	return rc;
}

static int
apply_commit(struct apply *a)
{
	a->bytes = 0;
	return a->t.mdb == NULL ? 0 : apply_commit_at(a->r, &a->t, &a->at);
}

/* Applies one row. False: stop. */
static bool
apply_row(const PGresult *rows, void *arg)
{
	struct apply *a = arg;
	struct log_row row;

	a->status = apply_read_row(rows, &row)
	    ? apply_judge(&a->at, &row)
	    : apply_refuse("log_diverged", a->at.seq + 1, "the row is not one of ours");
	if (a->status != 0)
		return false;
	if (a->t.mdb == NULL)
		a->rc = txn_begin(&a->t, a->r->env, TXN_DELETE);
	if (a->rc == 0)
		a->rc = apply_write_set(&a->t, row.data);
	if (a->rc != 0)
		return false;
	a->at = (struct position){row.seq, log_row_digest(&row)};
	a->bytes += row.data.len;
	a->r->status.epoch = row.epoch;
	if (a->bytes >= BYTES_MAX)
		a->rc = apply_commit(a);
	return a->rc == 0;
}

enum apply_result
apply_rows(struct replica *r, uint64_t last, int *status)
{
	struct apply a = {.r = r, .at = r->at};
	const struct log_param params[] = {
	    LOG_N(r->at.seq), LOG_N(last), LOG_N(ROWS_MAX), LOG_N(ROWS_BYTES_MAX)};
	bool read = log_conn_each(&r->conn, LOG_ROWS, params, ARRAY_LEN(params), apply_row, &a);

	/* After a failed connection, or a row that must not be applied, those before it are. */
	if (a.rc == 0)
		a.rc = apply_commit(&a);
	txn_abort(&a.t);
	*status = a.status;
	if (a.status != 0)
		return APPLY_ENDS;
	if (env_is_fatal_error(a.rc) || env_is_page_damage(a.rc) || a.rc == RECORD_DAMAGED) {
		log_event(LOG_ERROR, "log_not_applied", L_UINT("seq", r->at.seq + 1),
		    L_STR("error", env_strerror(a.rc)), L_STR("help", env_error_help(a.rc)));
		*status = EX_IOERR;
		return APPLY_ENDS;
	}
	if (a.rc != 0)
		strlcpy(r->conn.error, env_strerror(a.rc), sizeof(r->conn.error));
	return read && a.rc == 0 ? APPLY_DONE : APPLY_AGAIN;
}

enum apply_result
apply_check(struct replica *r, int *status)
{
	const struct log_param params[] = {LOG_N(r->at.seq)};
	PGresult *rows = log_conn_run(&r->conn, LOG_FIRST, params, ARRAY_LEN(params));
	struct log_row row;

	*status = 0;
	if (rows == NULL)
		return APPLY_AGAIN;
	if (PQntuples(rows) == 0)
		*status = apply_refuse("log_gap", r->at.seq, "the log ends before this store");
	else if (!apply_read_row(rows, &row))
		*status = apply_refuse("log_diverged", r->at.seq, "the row is not one of ours");
	else if (row.seq == r->at.seq) {
		struct hash256 digest = log_row_digest(&row);

		if (!hash_equal(&digest, &r->at.digest))
			*status =
			    apply_refuse("log_diverged", row.seq, "the log has another row");
	} else
		*status = apply_judge(&r->at, &row);
	PQclear(rows);
	return *status == 0 ? APPLY_DONE : APPLY_ENDS;
}

bool
apply_read_first(struct replica *r, struct position *first)
{
	const struct log_param params[] = {LOG_N(1)};
	PGresult *rows = log_conn_run(&r->conn, LOG_FIRST, params, ARRAY_LEN(params));
	struct log_row row;

	*first = (struct position){0};
	if (rows == NULL)
		return false;
	if (PQntuples(rows) == 1 && apply_read_row(rows, &row))
		*first = (struct position){row.seq, log_row_digest(&row)};
	PQclear(rows);
	return true;
}

int
apply_position(struct replica *r, const struct position *at)
{
	struct txn t;
	int rc = txn_begin(&t, r->env, TXN_DELETE);

	return rc != 0 ? rc : apply_commit_at(r, &t, at);
}
