/*
 * What a turn may cost: the most tokens that it may use, for budgets.
 */
#ifndef STORAGED_TURNS_TURN_BUDGET_H
#define STORAGED_TURNS_TURN_BUDGET_H

#include "storaged/conversations/replies.h"

/*
 * Fills in the tokens to reserve for the reply to a message (MSG_TURN_BEGIN) of a conversation; none if the
 * organization has no budget. fresh: the conversation is not stored yet. Refuses (BUDGET) a reply for which a
 * budget does not have enough tokens left.
 */
[[gnu::warn_unused_result]] int turn_budget_check(struct txn *t, struct call *c,
    const struct msg_conversation_record *conversation, bool fresh, uint64_t now,
    struct reply_writer *writer);

/*
 * The same for an interrupted reply that goes on: its worker has come back, with calls of the model that may use so many
 * tokens, of which one was paid by estimate.
 */
[[gnu::warn_unused_result]] int turn_budget_reserve_again(struct txn *t, struct call *c,
    const struct turn_view *v, const struct budget_tokens *tokens, struct reply_writer *writer);

/* Reserves what is missing to so many tokens for an open turn. */
[[gnu::warn_unused_result]] int turn_budget_reserve_more(struct txn *t, struct call *c,
    const struct turn_view *v, const struct budget_tokens *tokens);

#endif
