/*
 * Removes the oldest rows of the change feed, in steps between batches.
 */
#ifndef STORAGED_CHANGES_CHANGES_TRIM_H
#define STORAGED_CHANGES_CHANGES_TRIM_H

#include "storaged/engine/txn.h"

/* Entries that one step removes, at most. */
#define CHANGES_TRIM_STEP 256u

struct changes_kept {
	uint64_t ms, rows;
};

/* The next step, in a transaction of its own: removes rows that are older, or more, than is kept. Returns
 * whether there is more to remove. Not during a batch. */
bool changes_trim(struct env *env, struct changes_kept kept);

#endif
