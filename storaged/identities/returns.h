/*
 * Tokens that lead to a visitor beside the one that it came with. A mail to a visitor has two: that of its link, which is
 * exchanged, once and within RETURN_LINK_MS, for a further token of the visitor, and one that ends such mails. All of them
 * are removed with the visitor.
 */
#ifndef STORAGED_IDENTITIES_RETURNS_H
#define STORAGED_IDENTITIES_RETURNS_H

#include "proto/base/clock.h"
#include "storaged/engine/txn.h"

#define RETURN_LINK_MS (14 * CLOCK_DAY_MS)

/* A visitor has so many of each kind at most: with one more, its oldest one is removed. */
#define RETURNS_MAX 32u

/* Looks a token up by its hash. 0, MDB_NOTFOUND or RECORD_DAMAGED. A link that is too old at that time (ms since 1970) is
 * not found. */
[[gnu::warn_unused_result]] int return_find(struct txn *t, const struct hash256 *token,
    enum return_kind kind, uint64_t now, struct msg_return_record *r);

/* Stores a token, and removes those of its visitor that are of no use any more. */
[[gnu::warn_unused_result]] int return_add(struct txn *t, const struct msg_return_record *r);

/* Removes one that is stored, or all of a visitor. */
[[gnu::warn_unused_result]] int return_remove(struct txn *t, const struct msg_return_record *r);
[[gnu::warn_unused_result]] int returns_remove_all(struct txn *t, const struct id *visitor);

#endif
