/*
 * Removes shares that nobody needs any more, in steps between batches: those of days before yesterday, and those of
 * removed budgets. So the hashes of visitors go also if no new ones come, and no request waits for many of them.
 *
 * Until the last share of a removed budget is gone, its widget or organization cannot have a new one.
 */
#ifndef STORAGED_BUDGETS_SPENDERS_GARBAGE_H
#define STORAGED_BUDGETS_SPENDERS_GARBAGE_H

#include "storaged/engine/txn.h"

/* Rows that a step, or a request, removes; and budgets that a step looks at. */
#define SPENDERS_STEP 256u

/* Removes shares of a budget whose record is gone, and counts them down from *most; the steps remove the rest. */
[[gnu::warn_unused_result]] int spenders_remove(
    struct txn *t, const struct id *org, const struct id *widget, unsigned *most);

/* Whether shares of a removed budget are left. */
[[gnu::warn_unused_result]] int spenders_are_left(
    struct txn *t, const struct id *org, const struct id *widget, bool *left);

/* It is time to look for old ones. Looks once a day. */
void spenders_garbage_start(struct env *env);

/* The next step, in a transaction of its own; true: call again soon. Not during a batch. */
bool spenders_garbage_step(struct env *env);

#endif
