/*
 * The number of conversations and messages of each organization. The only module that reads and
 * changes the table totals.
 *
 * Within a transaction the counts are kept in memory, since most requests of a batch change the
 * same ones; txn_commit() writes them. Until then the table does not show them.
 */
#ifndef STORAGED_ENGINE_TOTALS_H
#define STORAGED_ENGINE_TOTALS_H

#include "storaged/engine/txn.h"

/* The counts within this transaction; zeroes for an organization without a record. 0 or an error
 * of txn.h. */
[[gnu::warn_unused_result]] int totals_get(
    struct txn *t, const struct id *org, struct msg_totals_record *totals);

/*
 * Adds to the counts of an organization; negative numbers subtract. A count that would fall below
 * zero was wrong before: it becomes zero, and this is logged. The record of an organization
 * without conversations is removed. 0 or an error of txn.h.
 */
[[gnu::warn_unused_result]] int totals_add(
    struct txn *t, const struct id *org, int64_t conversations, int64_t messages);

/*
 * Counts again the conversations of organizations whose record has a wrong checksum, which fails all their
 * requests for lists and new messages. Reads all conversations. Runs in a transaction of its own; logs the
 * result.
 */
void totals_repair(struct env *env);

#endif
