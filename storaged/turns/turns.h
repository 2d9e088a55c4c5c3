/*
 * The requests about turns: begin, checkpoint, finish. Each can be repeated without harm, because
 * a worker that lost its answer asks again.
 */
#ifndef STORAGED_TURNS_TURNS_H
#define STORAGED_TURNS_TURNS_H

#include "storaged/request/call.h"

/* The most messages of a history, as in messages.def. */
#define HISTORY_MAX 1000u

/* MSG_TURN_BEGIN, answered by MSG_TURN_BEGUN. */
[[gnu::warn_unused_result]] int turn_begin(struct txn *t, struct call *c);

/* MSG_TURN_CHECKPOINT, answered by MSG_OK. */
[[gnu::warn_unused_result]] int turn_checkpoint(struct txn *t, struct call *c);

/* MSG_TURN_FINISH, answered by MSG_OK, or by MSG_TURN_STATE. */
[[gnu::warn_unused_result]] int turn_finish(struct txn *t, struct call *c);

#endif
