/*
 * A transaction over the environment, with its operations: records by key, and walks over ranges
 * of keys.
 *
 * The caller decides where a transaction begins and ends (batch.c for requests, interrupt.c for
 * turns that lost their worker, garbage.c for erased conversations). Request handlers only work
 * within the one that they are given.
 *
 * With a commit log (env.h), the changes of a transaction are collected, and txn_commit() appends them to the
 * log before it commits.
 *
 * A checksum (checksum.h) is added to each value that is stored, and removed from each value that is
 * found. If it is wrong, a lookup by key returns RECORD_DAMAGED, and a walk finds a value without bytes,
 * which can be decoded neither as a record nor as an id, so that it can skip the entry or remove it.
 * Both log it.
 *
 * Every function returns 0, MDB_NOTFOUND for a missing key, RECORD_DAMAGED for a damaged record,
 * or another LMDB error or errno. The bytes that a lookup returns lie in the map: they are valid
 * until the next put or delete of this transaction, or its end. After a failed put or delete, and
 * after a lookup whose error txn_survives() denies, only txn_abort() is allowed: LMDB refuses
 * everything else with MDB_BAD_TXN.
 */
#ifndef STORAGED_ENGINE_TXN_H
#define STORAGED_ENGINE_TXN_H

#include "storaged/engine/env.h"
#include "storaged/engine/safe_read.h"

enum txn_mode {
	TXN_READ,
	TXN_WRITE,
	TXN_DELETE, /* a write that may also use the reserve: deletions only */
};

/* Runs first in txn_commit(), which fails if it does. */
typedef int txn_commit_fn(struct txn *t);
#define TXN_COMMIT_FNS 5

struct txn {
	struct env *env;
	MDB_txn *mdb; /* NULL: none runs */
	enum txn_mode mode;
	uint64_t changes;     /* puts and deletes so far */
	size_t piece_bytes;   /* of files, that it has stored (files/files.h) */
	bool changed[TABLES]; /* that have been changed */
	bool unchecked; /* values are returned even if their checksum is wrong: for verify.h */
	/* txn.c's own, of a write: each table's cursor stays where it was used last, since the
	 * next step of a request mostly needs the same page (make bench-store: 0.03 to 0.08 of
	 * bare LMDB's rate); NULL before the first use. */
	MDB_cursor *cursors[TABLES];
	struct safe_read_copies lent; /* what lookups returned since the last change */
	txn_commit_fn *before_commit[TXN_COMMIT_FNS]; /* NULL: no more */
	/* changes.c's own: the last row of the change feed, and the rows that the table does not show yet. */
	struct {
		bool known, added;
		uint64_t newest; /* number of the last row, with these rows */
		uint64_t total;  /* of the last entry */
		unsigned pending;
	} feed;
	/* totals.c's own: the counts of one organization that the table does not show yet. */
	struct {
		bool known, changed;
		struct id org;
		struct msg_totals_record record;
	} totals;
	/* labels.c's own: what is not added to a count yet. */
	struct {
		struct id org, label;
		uint8_t kind;
		int64_t by;
	} label;
	/* participants.c's own: what the widget of the last turn demands. */
	struct {
		bool known;
		struct id org, widget;
		struct txn_widget_terms {
			bool stands_in; /* for a widget that was deleted */
			bool enabled;
			uint8_t contact_mode;
			uint32_t generation, daily_cap;
			struct id counted; /* the widget that counts the messages */
			struct id org, agent;
			bool agent_enabled, agent_returns, agent_hands_over;
			bool has_blocks; /* the organization has some */
		} of;
	} terms;
	unsigned numbers_n; /* numbers.c's own: places in env->numbers */
	/* budget_recount.c's own: an organization with budgets that have counted nothing yet. */
	struct {
		bool some;
		struct id org;
	} new_budgets;
};

[[gnu::warn_unused_result]] int txn_begin(struct txn *t, struct env *env, enum txn_mode mode);

/* Calls this function before the commit, once, even if it is named again. */
void txn_before_commit(struct txn *t, txn_commit_fn *fn);

/* Commits: after 0 everything is on disk, otherwise nothing is. A read transaction may be ended
 * by either function. COMMIT_LOG_LOST: the log did not acknowledge the changes; whether it contains them is
 * unknown. Exits if the log contains them, but the disk does not. */
[[gnu::warn_unused_result]] int txn_commit(struct txn *t);
void txn_abort(struct txn *t);

/* Bytes that the commit log will have to acknowledge; 0 without a log. */
size_t txn_log_bytes(const struct txn *t);

/* Whether the transaction has changed this table. */
bool txn_has_changed(const struct txn *t, enum table table);

/* Whether the transaction can still be used after a lookup that failed like this. */
bool txn_survives(int rc);

/* The value of a key. */
[[gnu::warn_unused_result]] int txn_get(
    struct txn *t, enum table table, const struct key *key, struct slice *value);

/* The same with the checksum, which is not checked: for values of a schema without checksums. */
[[gnu::warn_unused_result]] int txn_get_raw(
    struct txn *t, enum table table, const struct key *key, struct slice *value);

/* Sets the value of a key, new or not. The value must not lie in the map. */
[[gnu::warn_unused_result]] int txn_put(
    struct txn *t, enum table table, const struct key *key, struct slice value);

/* The same for what does not belong into the commit log. */
[[gnu::warn_unused_result]] int txn_put_unlogged(
    struct txn *t, enum table table, const struct key *key, struct slice value);

/* The same for a key behind all others of its table: cheaper. MDB_KEYEXIST: it is not. */
[[gnu::warn_unused_result]] int txn_append(
    struct txn *t, enum table table, const struct key *key, struct slice value);

/* Removes a key; 0 if it does not exist. */
[[gnu::warn_unused_result]] int txn_del(struct txn *t, enum table table, const struct key *key);

/* The number of keys in a table. */
[[gnu::warn_unused_result]] int txn_count(struct txn *t, enum table table, size_t *n);

/* Decodes the record of a key, of the table's type; its slices lie in the map. A record that does not decode is
 * RECORD_DAMAGED, and logged. */
[[gnu::warn_unused_result]] int txn_get_record(
    struct txn *t, enum table table, const struct key *key, void *record);

/* Encodes a record of the table's type and stores it. Its slices may lie in the map: they are copied first. */
[[gnu::warn_unused_result]] int txn_put_record(
    struct txn *t, enum table table, const struct key *key, const void *record);

/* The same for meta, whose values have different types. */
[[gnu::warn_unused_result]] int txn_put_meta(
    struct txn *t, const struct key *key, enum msg_type type, const void *record);

/* Decodes a value of the table, as where a walk stands, like txn_get_record(). */
[[gnu::warn_unused_result]] int record_read(struct slice value, enum table table, void *record);

/* Whether these bytes are the encoding of a record of the table. Its slices may lie in the map. */
bool record_equals(struct txn *t, enum table table, const void *record, struct slice value);

/*
 * A walk over the keys of a table that begin with the bytes of front. Nothing else may change this table before
 * walk_close(); after a change of another one, key and value are invalid until the walk moves on. MDB_NOTFOUND: there
 * is no such key, or no more.
 */
struct walk {
	struct txn *txn;
	enum table table;
	MDB_cursor *cursor; /* NULL: not open */
	struct key front;
	struct slice key, value; /* the current position */
	bool damaged;            /* the checksum of the current value is wrong */
};

[[gnu::warn_unused_result]] int walk_open(
    struct walk *w, struct txn *t, enum table table, const struct key *front);

/* Goes to the first key at or behind `at`, or to the last one before it. */
[[gnu::warn_unused_result]] int walk_from(struct walk *w, const struct key *at);
[[gnu::warn_unused_result]] int walk_before(struct walk *w, const struct key *at);

[[gnu::warn_unused_result]] int walk_next(struct walk *w);
[[gnu::warn_unused_result]] int walk_previous(struct walk *w);

/* Removes the current key; walk_from() then finds the next one. */
[[gnu::warn_unused_result]] int walk_delete(struct walk *w);

/* Does nothing on a walk that is not open. */
void walk_close(struct walk *w);

/* The first key of a table that begins with the bytes of front. */
[[gnu::warn_unused_result]] int txn_first(
    struct txn *t, enum table table, const struct key *front, struct key *first);

/* Removes all keys of a table that begin with the bytes of front. */
[[gnu::warn_unused_result]] int txn_del_all(
    struct txn *t, enum table table, const struct key *front);

#endif
