/*
 * The requests about replies that another worker writes: join, leave, stop; and what their writers publish.
 * The memory behind them is live.h's.
 */
#ifndef STORAGED_TURNS_TURN_JOIN_H
#define STORAGED_TURNS_TURN_JOIN_H

#include "storaged/request/call.h"

/* Answered by MSG_TURN_STATE, or by MSG_TURN_HANDED. */
[[gnu::warn_unused_result]] int handle_turn_join(struct txn *t, struct call *c);

/* Answered by MSG_OK. */
[[gnu::warn_unused_result]] int handle_turn_leave(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_turn_stop(struct txn *t, struct call *c);

/* Not answered. */
[[gnu::warn_unused_result]] int handle_live_publish(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_live_unsaved(struct txn *t, struct call *c);

#endif
