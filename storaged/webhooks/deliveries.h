/*
 * The deliveries of an endpoint of webhooks (webhook: its key): one record for each event that it received or shall receive, by the
 * event's number. The latest DELIVERIES_KEPT that are done or have failed are kept for the owner; pending ones, and
 * those beyond the endpoint's cursor, are always kept.
 */
#ifndef STORAGED_WEBHOOKS_DELIVERIES_H
#define STORAGED_WEBHOOKS_DELIVERIES_H

#include "storaged/engine/txn.h"

#define DELIVERIES_KEPT 100u

/* Looks one up. 0, MDB_NOTFOUND or an error as of txn_get(). */
[[gnu::warn_unused_result]] int deliveries_find(
    struct txn *t, const struct key *webhook, uint64_t n, struct msg_delivery_record *record);

/* Stores one, in place of the one with its number. */
[[gnu::warn_unused_result]] int deliveries_put(
    struct txn *t, const struct key *webhook, const struct msg_delivery_record *record);

/* Stores the deliveries of a list. */
[[gnu::warn_unused_result]] int deliveries_put_list(
    struct txn *t, const struct key *webhook, struct slice list);

/* Removes the oldest ones that need not be kept. */
[[gnu::warn_unused_result]] int deliveries_trim(
    struct txn *t, const struct key *webhook, uint64_t cursor);

/* The endpoint is disabled: pending deliveries have failed. */
[[gnu::warn_unused_result]] int deliveries_fail_pending(
    struct txn *t, const struct key *webhook);

/* The endpoint is removed. */
[[gnu::warn_unused_result]] int deliveries_remove_all(struct txn *t, const struct key *webhook);

/* Removes those behind the cursor that are not pending: their events are delivered again. */
[[gnu::warn_unused_result]] int deliveries_forget_done(
    struct txn *t, const struct key *webhook, uint64_t cursor);

/* Collects a page of deliveries in env.list: those behind a number (0: all) that are pending or beyond the cursor, oldest
 * first; of those that are not pending only number and state. *next: 0, or after of the next page. */
[[gnu::warn_unused_result]] int deliveries_collect_queue(
    struct txn *t, const struct key *webhook, uint64_t cursor, uint64_t after, uint64_t *next);

/* The same for a page of the latest ones, newest first: before a number (0: the newest); *next: 0, or before of
 * the next page. */
[[gnu::warn_unused_result]] int deliveries_collect_page(
    struct txn *t, const struct key *webhook, uint64_t before, uint32_t limit, uint64_t *next);

#endif
