/*
 * Where a store stands in the commit log: the last row that it contains, in its table meta. It is
 * written in the transaction of that row, so it is never wrong, also in a backup.
 */
#ifndef STORAGED_REPLICATION_POSITION_H
#define STORAGED_REPLICATION_POSITION_H

#include "proto/base/secrets.h"
#include "storaged/engine/txn.h"

struct position {
	uint64_t seq; /* of the row; 0: the store is in no log */
	/* Of the row. With seq 0: of the first row of a log that this store was about to begin; all zeros: of none. */
	struct hash256 digest;
};

[[gnu::warn_unused_result]] int position_read(struct txn *t, struct position *at);
[[gnu::warn_unused_result]] int position_write(struct txn *t, const struct position *at);

/* Whether the store is in no log, and was not about to begin one. */
bool position_is_none(const struct position *at);

/* The position of the store, outside of a transaction. */
[[gnu::warn_unused_result]] int position_load(struct env *env, struct position *at);

/* The store leaves its log: it is written without it from now on. Logs this if it was in one. */
[[gnu::warn_unused_result]] int position_remove(struct env *env);

#endif
