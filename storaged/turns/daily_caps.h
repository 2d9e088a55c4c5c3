/*
 * How many messages the visitors of a widget have sent in this UTC day. The store is one and a message
 * is counted in the transaction that stores it, so a cap is exact however many send at once. All
 * widgets' messages are counted, so that a cap that is set at noon counts those of the morning.
 */
#ifndef STORAGED_TURNS_DAILY_CAPS_H
#define STORAGED_TURNS_DAILY_CAPS_H

#include "storaged/engine/txn.h"

/* The messages of the day that this moment (ms since 1970) is in. */
[[gnu::warn_unused_result]] int daily_cap_count(
    struct txn *t, const struct id *widget, uint64_t now, uint64_t *messages);

/* One more. The first of a day removes what was counted of the days before, but for the last. */
[[gnu::warn_unused_result]] int daily_cap_add(
    struct txn *t, const struct id *widget, uint64_t now);

#endif
