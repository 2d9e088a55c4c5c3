/*
 * Erasing a conversation at a time: until then, who asked for it can take it back. The plan is a row of the table due
 * (duty/due.h), by that time: several plans for one conversation do not disturb each other, and the first one erases it.
 * The conversation itself does not know of it, and may change meanwhile, or be erased otherwise.
 */
#ifndef STORAGED_VISITORS_ERASE_PLAN_H
#define STORAGED_VISITORS_ERASE_PLAN_H

#include "storaged/request/call.h"

/* MSG_ERASURE_PLAN. */
[[gnu::warn_unused_result]] int handle_erasure_plan(struct txn *t, struct call *c);

/* A plan is due, and its row removed already (due_fn). about: organization and conversation; empty: that was damaged, and
 * the conversation's id is enough, because no two are the same. */
[[gnu::warn_unused_result]] int erase_plan_due(struct txn *t, struct call *c,
    const struct id *conversation, const struct key *about, uint64_t now);

#endif
