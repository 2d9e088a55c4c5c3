/*
 * Removes what is left of removed sources, and uploads that were not completed, in steps between batches.
 *
 * A removed source's record is gone, so that nothing of it is read any more; its state stays until its pages are
 * removed, also over restarts. Until then the id of the source cannot be used again.
 */
#ifndef STORAGED_CONTENT_CONTENT_GARBAGE_H
#define STORAGED_CONTENT_CONTENT_GARBAGE_H

#include "storaged/engine/txn.h"

/* Removes the first pages of a source whose record is gone, and its state with the last one. *left: some are left. */
[[gnu::warn_unused_result]] int content_remove_source(
    struct txn *t, const struct id *org, const struct id *source, unsigned most, bool *left);

/* The next step, in a transaction of its own; true: call again soon. Not during a batch. */
bool content_garbage_step(struct env *env);

/* It is time to look for incomplete uploads. */
void content_garbage_start(struct env *env);

#endif
