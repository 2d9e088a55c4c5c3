/*
 * Snoozed conversations: those that a person has put aside until a time, or until the visitor writes. Each has a row of
 * the table due.
 */
#ifndef STORAGED_DUTY_WAKE_H
#define STORAGED_DUTY_WAKE_H

#include "storaged/request/call.h"

/* The time has come, and its row is removed already (due_fn). about: organization and conversation; empty: that was
 * damaged, and the conversation's id is enough. */
[[gnu::warn_unused_result]] int wake_due(struct txn *t, struct call *c,
    const struct id *conversation, const struct key *about, uint64_t now);

#endif
