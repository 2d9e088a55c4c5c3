/*
 * How many messages a widget has received in this UTC day, whichever way they came: from its visitors, or with a key. A message is counted in
 * the transaction that stores it, so a cap is exact even if many visitors write at once. Messages
 * are counted without a cap too, so that a cap that is set at noon counts those of the morning. A damaged
 * count begins again at 0.
 */
#ifndef STORAGED_TURNS_DAILY_CAPS_H
#define STORAGED_TURNS_DAILY_CAPS_H

#include "storaged/engine/txn.h"

/* The messages of the day of this time (ms since 1970). */
[[gnu::warn_unused_result]] int daily_cap_count(
    struct txn *t, const struct id *widget, uint64_t now, uint64_t *messages);

/* Counts a message. The first one of a day removes the counts of earlier days, except the
 * previous one. */
[[gnu::warn_unused_result]] int daily_cap_add(
    struct txn *t, const struct id *widget, uint64_t now);

#endif
