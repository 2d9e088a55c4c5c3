/*
 * What the store sends, written into the index.
 */
#ifndef STORAGED_SEARCH_FOLLOWER_APPLY_H
#define STORAGED_SEARCH_FOLLOWER_APPLY_H

#include "storaged/search/index.h"

/* Adds what the rows (a list of CHANGE_RECORD) name to a list of INDEX_WANTED. */
void follower_want(struct buf *wanted, struct slice rows);

/* Removes the first n entries of such a list. */
void follower_wanted_done(struct buf *wanted, uint32_t n);

/* Applies a list of INDEX_ITEM in the open transaction. 0, or -1: the index failed. */
[[gnu::warn_unused_result]] int follower_apply(struct index *ix, struct slice items);

#endif
