/*
 * Counts all numbers again, at the start of a store of an older banter or with damaged numbers
 * (numbers_distrust()). Meta notes that the numbers are right.
 */
#ifndef STORAGED_NUMBERS_NUMBERS_RECOUNT_H
#define STORAGED_NUMBERS_NUMBERS_RECOUNT_H

#include "storaged/engine/txn.h"

/* To be called once, before the first request: counts again if necessary, and begins to count what
 * is erased. Reads all messages then, in one transaction or, with a commit log, several. A failure is logged; the next start tries again. */
void numbers_start(struct env *env);

/* Whether the numbers are right, as far as this transaction knows: otherwise the next start counts
 * again. */
[[gnu::warn_unused_result]] int numbers_are_right(struct txn *t, bool *right);

/* The organization and the widget of a conversation that is stored, or whose messages are being
 * removed. MDB_NOTFOUND: it is neither. */
[[gnu::warn_unused_result]] int numbers_owner(
    struct txn *t, const struct id *conversation, struct id *org, struct id *widget);

#endif
