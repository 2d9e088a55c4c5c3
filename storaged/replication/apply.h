/*
 * Applies rows of the log to the store, many in one transaction.
 */
#ifndef STORAGED_REPLICATION_APPLY_H
#define STORAGED_REPLICATION_APPLY_H

#include "storaged/replication/replica.h"

/* What to do about a store that can never apply the log. */
extern const char apply_new_seed[];

enum apply_result {
	APPLY_DONE,
	APPLY_AGAIN, /* the connection failed, or the disk is full (r->conn.error): nothing of the last transaction is stored */
	APPLY_ENDS,  /* this store can never apply the log; the reason is logged */
};

/* Applies at most some rows up to last: some megabytes, unless one row has more, and waits for them at most LOG_ANSWER_MS. *status: the exit status for APPLY_ENDS. */
[[gnu::warn_unused_result]] enum apply_result apply_rows(
    struct replica *r, uint64_t last, int *status);

/* Checks that the row behind which the store stands is the same in the log; log_gap or log_diverged is logged otherwise. */
[[gnu::warn_unused_result]] enum apply_result apply_check(struct replica *r, int *status);

/* The position at the first row of the log; seq 0 if there is none. False: the connection failed. */
[[gnu::warn_unused_result]] bool apply_read_first(struct replica *r, struct position *first);

/* Stores a position, without a change of anything else. 0 or an LMDB error. */
[[gnu::warn_unused_result]] int apply_position(struct replica *r, const struct position *at);

#endif
