/*
 * The requests about a turn from the worker that runs it: begin, checkpoint, finish. Each can be repeated
 * without harm, because a worker that lost its answer asks again.
 */
#ifndef STORAGED_TURNS_TURNS_H
#define STORAGED_TURNS_TURNS_H

#include "storaged/request/call.h"

/* The most messages of a history, as in messages.def. */
#define HISTORY_MAX 1000u

/* Answered by MSG_TURN_BEGUN, or by MSG_TURN_STATE for a message that is known. In turn_begin.c. */
[[gnu::warn_unused_result]] int handle_turn_begin(struct txn *t, struct call *c);

/* Answered by MSG_OK. */
[[gnu::warn_unused_result]] int handle_turn_checkpoint(struct txn *t, struct call *c);

/* Answered by MSG_OK. */
[[gnu::warn_unused_result]] int handle_turn_reserve(struct txn *t, struct call *c);

/* Answered by MSG_OK, or by MSG_TURN_STATE. */
[[gnu::warn_unused_result]] int handle_turn_finish(struct txn *t, struct call *c);

#endif
