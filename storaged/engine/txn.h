/*
 * A transaction over the environment, and what can be done within one: records by key, and walks
 * over ranges of keys.
 *
 * Whoever calls decides where a transaction begins and ends (batch.c for requests, interrupt.c
 * for turns that lost their worker, garbage.c for what is left of erased conversations); request handlers only work within the one that they are given.
 *
 * Every function returns 0, MDB_NOTFOUND where something was looked up, RECORD_DAMAGED where a
 * record was read, or another LMDB error or errno. Bytes that a lookup returns lie in the map: they
 * are valid until the next put or delete of this transaction, or its end. After a failed put or
 * delete, and after any lookup whose error txn_survives() denies, nothing but txn_abort() is
 * allowed: LMDB refuses everything else with MDB_BAD_TXN.
 */
#ifndef STORAGED_ENGINE_TXN_H
#define STORAGED_ENGINE_TXN_H

#include "storaged/engine/env.h"

enum txn_mode {
	TXN_READ,
	TXN_WRITE,
	TXN_DELETE, /* a write that may also use the reserve: deletions only */
};

struct txn {
	struct env *env;
	MDB_txn *mdb; /* NULL: none runs */
	enum txn_mode mode;
	uint64_t changes; /* puts and deletes so far */
	/* txn.c's own, of a write: each table's cursor stays where it was used last, since the
	 * next of a request's steps mostly needs the same page (make bench-store: 0.03 to 0.08 of
	 * bare LMDB's rate); NULL before the first use. */
	MDB_cursor *cursors[TABLES];
	/* Runs first in txn_commit(), which fails if it does; NULL: nothing to do. */
	int (*before_commit)(struct txn *t);
	/* totals.c's own: the counts of one organization that the table does not show yet. */
	struct {
		bool known, changed;
		struct id org;
		struct msg_totals_record record;
	} totals;
};

[[gnu::warn_unused_result]] int txn_begin(struct txn *t, struct env *env, enum txn_mode mode);

/* Ends it: when 0 is returned, everything is on disk; else nothing of it is. A read transaction
 * may be ended by either. */
[[gnu::warn_unused_result]] int txn_commit(struct txn *t);
void txn_abort(struct txn *t);

/* Whether a lookup that failed like this has left its transaction fit for use. */
bool txn_survives(int rc);

/* The value of a key. */
[[gnu::warn_unused_result]] int txn_get(
    struct txn *t, enum table table, const struct key *key, struct slice *value);

/* Sets the value of a key, whether it had one or not. */
[[gnu::warn_unused_result]] int txn_put(
    struct txn *t, enum table table, const struct key *key, struct slice value);

/* Removes a key; one that is not there is no error. */
[[gnu::warn_unused_result]] int txn_del(struct txn *t, enum table table, const struct key *key);

/* How many keys a table has. */
[[gnu::warn_unused_result]] int txn_count(struct txn *t, enum table table, size_t *n);

/* The record of a key, decoded: its slices lie in the map. RECORD_DAMAGED, and a line in the log,
 * for one that does not decode. */
[[gnu::warn_unused_result]] int txn_get_record(
    struct txn *t, enum table table, const struct key *key, enum msg_type type, void *record);

/* Encodes a record and sets it. Its slices may lie in the map: they are copied first. */
[[gnu::warn_unused_result]] int txn_put_record(struct txn *t, enum table table,
    const struct key *key, enum msg_type type, const void *record);

/* Reads an item that a walk found, as txn_get_record() does. */
[[gnu::warn_unused_result]] int record_read(
    struct slice value, enum table table, enum msg_type type, void *record);

/* Whether a record is stored as these bytes. Its slices may lie in the map. */
bool record_equals(struct txn *t, enum msg_type type, const void *record, struct slice value);

/*
 * A walk over the keys of a table that begin with the bytes of front. The walk's transaction must
 * not be changed by anything else before walk_close(). MDB_NOTFOUND: there is no such key (any
 * more).
 */
struct walk {
	struct txn *txn;
	enum table table;
	MDB_cursor *cursor; /* NULL: not open */
	struct key front;
	struct slice key, value; /* where the walk stands */
};

[[gnu::warn_unused_result]] int walk_open(
    struct walk *w, struct txn *t, enum table table, const struct key *front);

/* Goes to the first key that is not before `at`, or to the last one before it. */
[[gnu::warn_unused_result]] int walk_from(struct walk *w, const struct key *at);
[[gnu::warn_unused_result]] int walk_before(struct walk *w, const struct key *at);

[[gnu::warn_unused_result]] int walk_next(struct walk *w);
[[gnu::warn_unused_result]] int walk_previous(struct walk *w);

/* Removes the key where the walk stands; walk_from() then tells where it goes on. */
[[gnu::warn_unused_result]] int walk_delete(struct walk *w);

/* Harmless on one that is not open. */
void walk_close(struct walk *w);

/* Removes all keys of a table that begin with the bytes of front; none is no error. */
[[gnu::warn_unused_result]] int txn_del_all(
    struct txn *t, enum table table, const struct key *front);

#endif
