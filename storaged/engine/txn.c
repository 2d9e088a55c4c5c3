/*
 * Transactions, lookups and walks: a thin layer that uses slices and records where LMDB uses
 * MDB_val.
 */
#include "storaged/engine/txn.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "storaged/engine/checksum.h"
#include "storaged/engine/meta_page.h"
#include "storaged/engine/page_tree.h"
#include "storaged/engine/write_set.h"

/* LMDB takes a non-const pointer to data that it only reads. */
static MDB_val
txn_to_val(struct slice s)
{
	union {
		const uint8_t *in;
		void *out;
	} p = {.in = s.p};

	return (MDB_val){.mv_size = s.len, .mv_data = p.out};
}

static struct slice
txn_from_val(MDB_val v)
{
	return (struct slice){v.mv_data, v.mv_size};
}

/* The reader keeps its slot in the lock file between uses: renewing it costs no system call. */
static int
txn_begin_read(struct txn *t)
{
	struct env *env = t->env;
	int rc;

	rc = env->reader == NULL ? mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &env->reader)
				 : mdb_txn_renew(env->reader);
	if (rc == 0)
		t->mdb = env->reader;
	return rc;
}

/* Whether LMDB has begun with intact meta pages, before it reads any other. 0 or an LMDB error. */
static int
txn_check_meta(struct txn *t)
{
	bool writes = t->mode != TXN_READ;
	uint64_t newest = mdb_txn_id(t->mdb) - writes;
	int rc = meta_page_check(t->env->mdb, newest, writes);

	if (rc == MDB_CORRUPTED)
		env_found_meta_damage(t->env);
	return rc;
}

static int
txn_begin_write(struct txn *t)
{
	struct env *env = t->env;
	enum txn_mode mode = t->mode;
	int rc;

	if (env->damage != NULL)
		return MDB_CORRUPTED;
	if (mode == TXN_DELETE) {
		rc = env_use_reserve(env, true);
		if (rc != 0)
			return rc;
	}
	rc = mdb_txn_begin(env->mdb, NULL, 0, &t->mdb);
	if (rc != 0 && mode == TXN_DELETE)
		must(env_use_reserve(env, false) == 0);
	return rc;
}

int
txn_begin(struct txn *t, struct env *env, enum txn_mode mode)
{
	int rc;

	*t = (struct txn){.env = env, .mode = mode};
	if (mode != TXN_READ && env->log != NULL)
		buf_reset(&env->log->write_set);
	rc = mode == TXN_READ ? txn_begin_read(t) : txn_begin_write(t);
	if (rc != 0)
		return rc;
	rc = txn_check_meta(t);
	if (rc == 0 && mode == TXN_WRITE && env_is_over_bound(env, t->mdb))
		rc = MDB_MAP_FULL;
	if (rc != 0)
		txn_abort(t);
	return rc;
}

/* LMDB opens a table without reporting that its root cannot be found; the next call fails. */
static bool
txn_lost_table(const struct txn *t, int rc)
{
	return (rc == MDB_BAD_TXN || rc == MDB_BAD_DBI) &&
	    page_tree_check_main(t->env->mdb) == MDB_CORRUPTED;
}

/* Reports a damaged page. Returns rc. */
static int
txn_report_damage(const struct txn *t, int rc)
{
	if (txn_lost_table(t, rc)) {
		env_found_main_damage(t->env);
		return MDB_CORRUPTED;
	}
	if (env_is_page_damage(rc))
		env_found_damage(t->env, mdb_strerror(rc));
	return rc;
}

/* The result of a lookup, whose key (NULL: as given) and value must lie in the right pages. */
static int
txn_check_found(const struct txn *t, int rc, const MDB_val *k, const MDB_val *v)
{
	const struct page_check *check = &t->env->page_check;

	if (rc == 0 &&
	    !(page_check_holds(check, v) && (k == NULL || page_check_holds(check, k))))
		rc = MDB_CORRUPTED;
	return txn_report_damage(t, rc);
}

/* After a commit. */
static void
txn_check_freed(const struct txn *t)
{
	if (t->env->bounded &&
	    env_is_page_damage(page_check_freed(&t->env->page_check, t->env->mdb)))
		env_found_damage(t->env, page_check_damage);
}

/* Resets the state after the LMDB transaction has ended. */
static void
txn_finish(struct txn *t)
{
	t->mdb = NULL;
	memset(t->cursors, 0, sizeof(t->cursors));
	safe_read_take_back(&t->lent);
	if (t->mode == TXN_DELETE)
		must(env_use_reserve(t->env, false) == 0);
}

void
txn_before_commit(struct txn *t, txn_commit_fn *fn)
{
	size_t i = 0;

	while (i < TXN_COMMIT_FNS && t->before_commit[i] != NULL && t->before_commit[i] != fn)
		i++;
	must(i < TXN_COMMIT_FNS);
	/* cppcheck takes the function for an integer. */
	t->before_commit[i] = fn; // cppcheck-suppress AssignmentAddressToInteger
}

static int
txn_run_before_commit(struct txn *t)
{
	int rc = 0;

	for (size_t i = 0; i < TXN_COMMIT_FNS && t->before_commit[i] != NULL && rc == 0; i++)
		rc = t->before_commit[i](t);
	return rc;
}

/* Appends the changes to the commit log. *logged: it has them. */
static int
txn_append_to_log(struct txn *t, bool *logged)
{
	struct env_log *log = t->env->log;
	int rc;

	*logged = false;
	if (log == NULL || buf_len(&log->write_set) == 0)
		return 0;
	if (t->mode == TXN_WRITE && env_is_over_bound(t->env, t->mdb))
		return MDB_MAP_FULL;
	rc = log->append(log, t, buf_slice(&log->write_set));
	*logged = rc == 0;
	return rc;
}

/* The other machines have the changes: this one gets them from the log when it starts again. */
_Noreturn static void
txn_exit_behind_log(int rc)
{
	log_event(LOG_ERROR, "store_behind_log", L_STR("error", env_strerror(rc)),
	    L_STR("help",
		"the log contains changes that could not be written to the disk: see its "
		"error"));
	exit(EX_IOERR);
}

int
txn_commit(struct txn *t)
{
	bool logged;
	int rc;

	if (t->mode == TXN_READ) {
		txn_abort(t);
		return 0;
	}
	rc = txn_run_before_commit(t);
	if (rc == 0)
		rc = txn_append_to_log(t, &logged);
	if (rc != 0) {
		txn_abort(t);
		return rc;
	}
	rc = env_write_error(t->env, mdb_txn_commit(t->mdb));
	if (rc != 0 && logged)
		txn_exit_behind_log(rc);
	txn_finish(t);
	if (rc == 0)
		txn_check_freed(t);
	if (rc == 0 && t->feed.added)
		t->env->newest_change = t->feed.newest;
	return txn_report_damage(t, rc);
}

void
txn_abort(struct txn *t)
{
	if (t->mdb == NULL)
		return;
	if (t->mode == TXN_READ)
		mdb_txn_reset(t->mdb);
	else
		mdb_txn_abort(t->mdb);
	txn_finish(t);
}

size_t
txn_log_bytes(const struct txn *t)
{
	const struct env_log *log = t->env->log;

	return log == NULL || t->mdb == NULL || t->mode == TXN_READ ? 0
								    : buf_len(&log->write_set);
}

bool
txn_has_changed(const struct txn *t, enum table table)
{
	return t->changed[table];
}

bool
txn_survives(int rc)
{
	return rc == MDB_NOTFOUND || rc == RECORD_DAMAGED;
}

/* The table's cursor. LMDB closes the cursors of a write transaction when it ends (lmdb.h,
 * mdb_cursor_open()). */
static int
txn_get_cursor(struct txn *t, enum table table, MDB_cursor **cursor)
{
	int rc = 0;

	if (t->cursors[table] == NULL)
		rc = mdb_cursor_open(t->mdb, t->env->dbi[table], &t->cursors[table]);
	*cursor = t->cursors[table];
	return rc;
}

/* Moves the table's cursor to a key. */
static int
txn_find(struct txn *t, enum table table, MDB_val *k, MDB_val *v, MDB_cursor **cursor)
{
	int rc = txn_get_cursor(t, table, cursor);

	if (rc != 0)
		return rc;
	return txn_check_found(t, safe_read_move(*cursor, k, v, MDB_SET), NULL, v);
}

/* A walk finds this in place of a value whose checksum is wrong. */
static const uint8_t damaged_value[1];

/* Removes the checksum from a value that was found. False: it is wrong, and logged, but not by a program
 * that only reads the store, which prints its own messages. */
static bool
txn_remove_checksum(
    const struct txn *t, enum table table, struct slice key, struct slice *value)
{
	size_t bytes = value->len;

	if (checksum_remove(table, key, *value, value))
		return true;
	if (t->env->bounded && !t->unchecked)
		log_event(LOG_ERROR, "record_unreadable", L_STR("table", table_name(table)),
		    L_STR("why", "wrong checksum"), L_UINT("bytes", bytes));
	return false;
}

int
txn_get_raw(struct txn *t, enum table table, const struct key *key, struct slice *value)
{
	MDB_val k = txn_to_val(key_slice(key)), v;
	MDB_cursor *cursor;
	int rc;

	if (t->mode == TXN_READ)
		rc = txn_check_found(
		    t, safe_read_get(t->mdb, t->env->dbi[table], &k, &v), NULL, &v);
	else
		rc = txn_find(t, table, &k, &v, &cursor);
	if (rc == 0)
		*value = safe_read_lend(&t->lent, txn_from_val(v));
	return rc;
}

int
txn_get(struct txn *t, enum table table, const struct key *key, struct slice *value)
{
	int rc = txn_get_raw(t, table, key, value);

	if (rc == 0 && !txn_remove_checksum(t, table, key_slice(key), value) && !t->unchecked)
		rc = RECORD_DAMAGED;
	return rc;
}

static void
txn_note_change(struct txn *t, enum table table)
{
	t->changes++;
	t->changed[table] = true;
}

/* Collects a change for the commit log. value: NULL for a deletion. */
static int
txn_log_change(struct txn *t, enum table table, struct slice key, const struct slice *value)
{
	struct env_log *log = t->env->log;

	if (log == NULL)
		return 0;
	return value == NULL ? write_set_del(&log->write_set, table, key)
			     : write_set_put(&log->write_set, table, key, *value);
}

/* LMDB makes room for the value, so that its checksum need not be joined to it before. */
static int
txn_store(
    struct txn *t, enum table table, const struct key *key, struct slice value, unsigned flags)
{
	MDB_val k = txn_to_val(key_slice(key)), v = {.mv_size = value.len + CHECKSUM_LEN};
	MDB_cursor *cursor;
	int rc = txn_get_cursor(t, table, &cursor);

	txn_note_change(t, table);
	if (rc == 0)
		rc = txn_report_damage(t, mdb_cursor_put(cursor, &k, &v, MDB_RESERVE | flags));
	safe_read_take_back(&t->lent);
	if (rc == 0)
		checksum_add(table, key_slice(key), value, v.mv_data);
	return rc;
}

int
txn_put_unlogged(struct txn *t, enum table table, const struct key *key, struct slice value)
{
	return txn_store(t, table, key, value, 0);
}

int
txn_put(struct txn *t, enum table table, const struct key *key, struct slice value)
{
	int rc = txn_store(t, table, key, value, 0);

	return rc != 0 ? rc : txn_log_change(t, table, key_slice(key), &value);
}

int
txn_append(struct txn *t, enum table table, const struct key *key, struct slice value)
{
	int rc = txn_store(t, table, key, value, MDB_APPEND);

	return rc != 0 ? rc : txn_log_change(t, table, key_slice(key), &value);
}

int
txn_del(struct txn *t, enum table table, const struct key *key)
{
	MDB_val k = txn_to_val(key_slice(key)), v;
	MDB_cursor *cursor;
	int rc = txn_find(t, table, &k, &v, &cursor);

	txn_note_change(t, table);
	if (rc == 0)
		rc = txn_report_damage(t, mdb_cursor_del(cursor, 0));
	safe_read_take_back(&t->lent);
	if (rc == 0)
		rc = txn_log_change(t, table, key_slice(key), NULL);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
txn_count(struct txn *t, enum table table, size_t *n)
{
	MDB_stat stat;
	int rc = mdb_stat(t->mdb, t->env->dbi[table], &stat);

	if (rc == 0)
		*n = stat.ms_entries;
	return rc;
}

int
record_read(struct slice value, enum table table, void *record)
{
	enum wire_result r;

	if (value.p == damaged_value) /* logged already */
		return RECORD_DAMAGED;
	r = record_decode(value, table_record(table), record);
	if (r == WIRE_OK)
		return 0;
	log_event(LOG_ERROR, "record_unreadable", L_STR("table", table_name(table)),
	    L_STR("why", wire_result_name(r)), L_UINT("bytes", value.len));
	return RECORD_DAMAGED;
}

int
txn_get_record(struct txn *t, enum table table, const struct key *key, void *record)
{
	struct slice value;
	int rc = txn_get(t, table, key, &value);

	return rc != 0 ? rc : record_read(value, table, record);
}

static int
txn_put_encoded(struct txn *t, enum table table, const struct key *key, enum msg_type type,
    const void *record)
{
	struct buf *scratch = &t->env->record;

	buf_reset(scratch);
	must(record_encode(scratch, type, record) == 0);
	return txn_put(t, table, key, buf_slice(scratch));
}

int
txn_put_record(struct txn *t, enum table table, const struct key *key, const void *record)
{
	return txn_put_encoded(t, table, key, table_record(table), record);
}

int
txn_put_meta(struct txn *t, const struct key *key, enum msg_type type, const void *record)
{
	return txn_put_encoded(t, TABLE_META, key, type, record);
}

bool
record_equals(struct txn *t, enum table table, const void *record, struct slice value)
{
	struct buf *scratch = &t->env->record;

	buf_reset(scratch);
	must(record_encode(scratch, table_record(table), record) == 0);
	return slice_eq(buf_slice(scratch), value);
}

/* In a write, the walk borrows the table's cursor, which may be near already; a lookup in the
 * meantime gets another one. */
int
walk_open(struct walk *w, struct txn *t, enum table table, const struct key *front)
{
	*w = (struct walk){
	    .txn = t, .table = table, .cursor = t->cursors[table], .front = *front};
	t->cursors[table] = NULL;
	if (w->cursor != NULL)
		return 0;
	return mdb_cursor_open(t->mdb, t->env->dbi[table], &w->cursor);
}

/* Moves the cursor. MDB_NOTFOUND if that leaves the walk's range. */
static int
txn_move(struct walk *w, MDB_val k, MDB_cursor_op op)
{
	struct slice front = key_slice(&w->front);
	MDB_val v;
	int rc = txn_check_found(w->txn, safe_read_move(w->cursor, &k, &v, op), &k, &v);

	if (rc != 0)
		return rc;
	w->key = safe_read_lend(&w->txn->lent, txn_from_val(k));
	w->value = safe_read_lend(&w->txn->lent, txn_from_val(v));
	if (w->key.len < front.len || memcmp(w->key.p, front.p, front.len) != 0)
		return MDB_NOTFOUND;
	w->damaged = !txn_remove_checksum(w->txn, w->table, w->key, &w->value);
	if (w->damaged && !w->txn->unchecked)
		w->value = (struct slice){damaged_value, 0};
	return 0;
}

int
walk_from(struct walk *w, const struct key *at)
{
	return txn_move(w, txn_to_val(key_slice(at)), at->len == 0 ? MDB_FIRST : MDB_SET_RANGE);
}

int
walk_before(struct walk *w, const struct key *at)
{
	MDB_val k = txn_to_val(key_slice(at)), v;
	int rc =
	    txn_check_found(w->txn, safe_read_move(w->cursor, &k, &v, MDB_SET_RANGE), &k, &v);

	if (rc == MDB_NOTFOUND)
		return txn_move(w, (MDB_val){0}, MDB_LAST);
	return rc != 0 ? rc : txn_move(w, (MDB_val){0}, MDB_PREV);
}

int
walk_next(struct walk *w)
{
	return txn_move(w, (MDB_val){0}, MDB_NEXT);
}

int
walk_previous(struct walk *w)
{
	return txn_move(w, (MDB_val){0}, MDB_PREV);
}

/* The walk's own key is invalid if another table was changed since. */
static int
walk_log_deletion(const struct walk *w)
{
	MDB_val k, v;
	int rc;

	if (w->txn->env->log == NULL)
		return 0;
	rc = mdb_cursor_get(w->cursor, &k, &v, MDB_GET_CURRENT);
	return rc != 0 ? txn_report_damage(w->txn, rc)
		       : txn_log_change(w->txn, w->table, txn_from_val(k), NULL);
}

int
walk_delete(struct walk *w)
{
	int rc = walk_log_deletion(w);

	txn_note_change(w->txn, w->table);
	if (rc == 0)
		rc = txn_report_damage(w->txn, mdb_cursor_del(w->cursor, 0));
	safe_read_take_back(&w->txn->lent);
	return rc;
}

void
walk_close(struct walk *w)
{
	MDB_cursor **kept = &w->txn->cursors[w->table];

	if (w->cursor == NULL)
		return;
	if (w->txn->mode != TXN_READ && *kept == NULL)
		*kept = w->cursor;
	else
		mdb_cursor_close(w->cursor);
	w->cursor = NULL;
}

int
txn_first(struct txn *t, enum table table, const struct key *front, struct key *first)
{
	struct walk w;
	int rc = walk_open(&w, t, table, front);

	if (rc == 0)
		rc = walk_from(&w, front);
	if (rc == 0)
		*first = key_of(w.key);
	walk_close(&w);
	return rc;
}

int
txn_del_all(struct txn *t, enum table table, const struct key *front)
{
	struct walk w;
	int rc = walk_open(&w, t, table, front);

	while (rc == 0) {
		rc = walk_from(&w, front);
		if (rc == 0)
			rc = walk_delete(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}
