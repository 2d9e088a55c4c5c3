/*
 * The requests about replies that others write: to join one, to leave it, to stop it; and what their
 * writers publish. What of it is about memory alone is done by live.h.
 */
#ifndef STORAGED_TURNS_TURN_JOIN_H
#define STORAGED_TURNS_TURN_JOIN_H

#include "storaged/conversations/replies.h"
#include "storaged/request/call.h"

/* MSG_TURN_JOIN, answered by MSG_TURN_STATE. */
[[gnu::warn_unused_result]] int turn_join(struct txn *t, struct call *c);

/* MSG_TURN_LEAVE, answered by MSG_OK, and MSG_TURN_STOP, the same. */
[[gnu::warn_unused_result]] int turn_leave(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int turn_stop(struct txn *t, struct call *c);

/* MSG_LIVE_PUBLISH, answered by nothing. */
[[gnu::warn_unused_result]] int live_publish_piece(struct txn *t, struct call *c);

/* MSG_LIVE_UNSAVED, the same. */
[[gnu::warn_unused_result]] int live_tell_unsaved(struct txn *t, struct call *c);

/* Answers with MSG_TURN_STATE. own: an open one is written by whoever asks. */
void join_answer_state(struct call *c, const struct id *turn, const struct id *conversation,
    const struct reply *reply, bool own);

#endif
