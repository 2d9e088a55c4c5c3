/*
 * What an organization has, counted: how many conversations and messages. The one place that reads
 * and changes the table totals.
 *
 * Within a transaction the counts are kept in memory, since most of a batch changes the same ones;
 * txn_commit() writes them. Until then the table itself does not show them.
 */
#ifndef STORAGED_ENGINE_TOTALS_H
#define STORAGED_ENGINE_TOTALS_H

#include "storaged/engine/txn.h"

/* The counts as they are within this transaction; zeroes for an organization without a record.
 * 0 or an error of txn.h. */
[[gnu::warn_unused_result]] int totals_get(
    struct txn *t, const struct id *org, struct msg_totals_record *totals);

/*
 * Counts what came to an organization, or, with negative numbers, what is gone. A count that would
 * fall under zero was wrong before: it becomes zero, with a line in the log. An organization that
 * has nothing any more has no record. 0 or an error of txn.h.
 */
[[gnu::warn_unused_result]] int totals_add(
    struct txn *t, const struct id *org, int64_t conversations, int64_t messages);

#endif
