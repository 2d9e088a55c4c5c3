/*
 * What the requests about turns have in common: who may write a turn, and how its state is answered.
 */
#ifndef STORAGED_TURNS_TURN_STATE_H
#define STORAGED_TURNS_TURN_STATE_H

#include "storaged/conversations/replies.h"

/* Refuses (TAKEN) a run that does not write this turn, if it is open. */
[[gnu::warn_unused_result]] int turn_check_run(
    struct call *c, const struct turn_view *v, const struct id *run);

/* Tells those who follow the turn's conversation that it has changed. */
[[gnu::warn_unused_result]] int turn_tell_rooms(
    struct txn *t, struct call *c, const struct turn_view *v);

/* The sender runs a turn that is not complete, for this run: a closed one is opened again, with what the writer has
 * reserved. CALL_WRITES if that is not possible now. */
[[gnu::warn_unused_result]] int turn_take(struct txn *t, struct call *c,
    const struct turn_view *v, const struct id *run, const struct reply_writer *writer);

/* Answers with MSG_TURN_STATE. own: the sender writes it, if it is open. */
void turn_answer_state(struct call *c, const struct turn_view *v, bool own);

/* Answers with MSG_TURN_HANDED: a person answers the question. */
[[gnu::warn_unused_result]] int turn_answer_handed(struct txn *t, struct call *c,
    const struct turn_view *v, const struct msg_conversation_record *conversation);

#endif
