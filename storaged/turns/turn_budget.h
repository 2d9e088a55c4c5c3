/*
 * What a turn may cost: the most tokens that it may use, for budgets.
 */
#ifndef STORAGED_TURNS_TURN_BUDGET_H
#define STORAGED_TURNS_TURN_BUDGET_H

#include "storaged/conversations/replies.h"

/*
 * Fills in the tokens to reserve for the reply to a message (MSG_TURN_BEGIN) of a conversation, and who spends them;
 * none if the organization has no budget. fresh: the conversation is not stored yet. v: the reply, if it was begun
 * before. Refuses a reply for which a budget (BUDGET) or the visitor's share of it (SHARE) does not have enough tokens
 * left; BUSY: the share may have enough when the visitor's running replies have ended.
 */
[[gnu::warn_unused_result]] int turn_budget_check(struct txn *t, struct call *c,
    const struct msg_conversation_record *conversation, bool fresh, const struct turn_view *v,
    struct reply_writer *writer);

/* Whether a request was refused because not enough is left for today. */
bool turn_budget_refuses(const struct call *c);

/* What a worker asks for: all tokens that the calls of a turn may use; and the visitor's network. */
struct turn_budget_ask {
	struct budget_tokens tokens;
	struct slice network;
};

/*
 * The same for an interrupted reply that goes on: its worker has come back, with calls of the model of which one was paid
 * by estimate. SHARE also in place of BUSY.
 */
[[gnu::warn_unused_result]] int turn_budget_reserve_again(struct txn *t, struct call *c,
    const struct turn_view *v, const struct turn_budget_ask *ask, struct reply_writer *writer);

/* Reserves what is missing to so many tokens for an open turn. */
[[gnu::warn_unused_result]] int turn_budget_reserve_more(struct txn *t, struct call *c,
    const struct turn_view *v, const struct budget_tokens *tokens);

#endif
