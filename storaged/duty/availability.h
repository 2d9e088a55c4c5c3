/*
 * Who is there to answer visitors: a user is online, away or off by choice (USER_RECORD), and away without input in the
 * dashboard for AWAY_AFTER_MS. The last input is stored, not kept in memory: after a restart everybody is what they were,
 * and a user who was away meanwhile becomes so at once.
 *
 * A user who is there has a row in the table due (due.h), whose time the user's record names, too. An input does not move
 * the row, which would be a write for each minute of each user: when it is due, it moves behind the last input.
 */
#ifndef STORAGED_DUTY_AVAILABILITY_H
#define STORAGED_DUTY_AVAILABILITY_H

#include "storaged/request/call.h"

/* MSG_AVAILABILITY_SET, answered by MSG_OK. */
[[gnu::warn_unused_result]] int handle_availability_set(struct txn *t, struct call *c);

/* The row of a user is due, and removed already (due_fn). about: the key of its record; empty: that was damaged. */
[[gnu::warn_unused_result]] int availability_due(struct txn *t, struct call *c,
    const struct id *user, const struct key *about, uint64_t now);

/* What the states of an organization's users say to visitors. */
[[gnu::warn_unused_result]] int availability_of_all(
    struct txn *t, const struct id *org, enum duty_people *people);

#endif
