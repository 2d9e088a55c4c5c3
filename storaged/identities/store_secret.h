/*
 * The store's secret: the key of visitors' tokens and known browsers (LOGIN_SECRET in proto/ipc/messages.def), and of the
 * hashes in spenders (budgets/spenders.h).
 */
#ifndef STORAGED_IDENTITIES_STORE_SECRET_H
#define STORAGED_IDENTITIES_STORE_SECRET_H

#include "storaged/engine/txn.h"

/* MDB_NOTFOUND: the store is new, or the secret is damaged, and a new one may replace it. */
[[gnu::warn_unused_result]] int store_secret_read(struct txn *t, struct hash256 *secret);

/* Stores a new one. */
[[gnu::warn_unused_result]] int store_secret_make(struct txn *t, struct hash256 *secret);

#endif
