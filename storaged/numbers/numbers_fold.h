/*
 * Adds the hours of old days up to one row a day (numbers_rows.h), a bounded number at a time.
 */
#ifndef STORAGED_NUMBERS_NUMBERS_FOLD_H
#define STORAGED_NUMBERS_NUMBERS_FOLD_H

#include "storaged/engine/txn.h"

/* The position of the pass over the table. Zeroes: at its beginning. */
struct numbers_fold {
	struct key at; /* the last key that was looked at */
	uint64_t done; /* the UTC day of the last complete pass */
};

/* One step of the pass of this day, in transactions of its own; not during a batch. True: call again
 * soon. A step that fails ends the pass of this day. */
bool numbers_fold_step(struct numbers_fold *f, struct env *env);

#endif
